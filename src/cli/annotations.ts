/**
 * A line that GitHub Actions turns into an annotation (GitHub Docs, "Workflow commands for GitHub
 * Actions": `%`, CR and LF are escaped, in a property `:` and `,` as well).
 */
export function annotation(level: 'error' | 'warning' | 'notice', title: string, message: string): string {
  return `::${level} title=${property(title)}::${data(message)}`;
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
