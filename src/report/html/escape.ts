const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Controls, and marks that turn the direction of writing: a name could pass for another by them. */
const unseen = /(?![\t\n])[\p{Cc}\p{Cs}\u061C\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu;

/** Text as HTML and SVG show it, in elements and in quoted attributes; what can't be seen is shown as U+FFFD. */
export function escapeHtml(text: string): string {
  return text.replaceAll(unseen, '\uFFFD').replaceAll(/[&<>"']/g, (character) => entities[character] ?? '');
}
