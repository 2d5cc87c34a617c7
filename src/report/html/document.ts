import type { Page, Section } from '../page.js';
import { renderBlock, renderText } from './blocks.js';
import { escapeHtml } from './escape.js';
import { stylesheet } from './stylesheet.js';

/**
 * A page as one HTML file without a reference to anything outside, without a script: it can be read
 * from a disk, printed, and kept. Everything in it is escaped; only pictures are taken as they are.
 */
export function renderHtml(page: Page): string {
  const sections = page.sections.map((section, at) => ({ ...section, id: `section-${at + 1}` }));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>${escapeHtml(page.title)}</title>
<style>${stylesheet}</style>
</head>
<body>
${header(page)}
${contents(sections)}
<main>
${sections.map(renderSection).join('\n')}
</main>
<footer>${escapeHtml(page.footer)}</footer>
</body>
</html>
`;
}

function header({ title, lead, verdict, facts }: Page): string {
  const numbers = facts.map(
    ({ value, label }) => `<div><dt>${escapeHtml(label)}</dt><dd>${escapeHtml(value)}</dd></div>`,
  );
  return `<header>
<p class="verdict ${verdict.tone}">${escapeHtml(verdict.text)}</p>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${renderText(lead)}</p>
${numbers.length === 0 ? '' : `<dl class="facts">${numbers.join('\n')}</dl>`}
</header>`;
}

type Numbered = Section & { readonly id: string };

function contents(sections: readonly Numbered[]): string {
  const links = sections.map(({ id, title }) => `<li><a href="#${id}">${escapeHtml(title)}</a></li>`);
  return links.length < 2 ? '' : `<nav aria-label="Contents"><ol>${links.join('')}</ol></nav>`;
}

function renderSection({ id, title, blocks }: Numbered): string {
  return `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${escapeHtml(title)}</h2>
${blocks.map(renderBlock).join('\n')}
</section>`;
}
