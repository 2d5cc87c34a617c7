import type { Bars, Block, Names, Span, Table, Text } from '../page.js';
import { renderChange } from './change.js';
import { escapeHtml } from './escape.js';

/** A block as HTML. */
export function renderBlock(block: Block): string {
  switch (block.kind) {
    case 'text':
      return `<p>${renderText(block.text)}</p>`;
    case 'list':
      return list(block.items, block.ordered === true ? 'ol' : 'ul');
    case 'callout':
      return `<p class="callout ${block.tone}">${renderText(block.text)}</p>`;
    case 'table':
      return table(block);
    case 'bars':
      return bars(block);
    case 'names':
      return names(block);
    case 'change':
      return renderChange(block, renderText(block.title));
    case 'picture':
      return `<figure class="picture" tabindex="0">${block.svg}<figcaption>${escapeHtml(block.description)}</figcaption></figure>`;
    case 'folded':
      return `<details><summary>${renderText(block.title)}</summary>\n${block.blocks.map(renderBlock).join('\n')}\n</details>`;
  }
}

/** Words as HTML. */
export function renderText(text: Text): string {
  if (typeof text === 'string') return escapeHtml(text);
  return text.map((part) => (typeof part === 'string' ? escapeHtml(part) : span(part))).join('');
}

function span({ text, as }: Span): string {
  if (as === 'code' || as === 'strong') return `<${as}>${escapeHtml(text)}</${as}>`;
  return `<span class="tag ${as}">${escapeHtml(text)}</span>`;
}

function list(items: readonly Text[], tag: 'ol' | 'ul'): string {
  return `<${tag}>${items.map((item) => `<li>${renderText(item)}</li>`).join('\n')}</${tag}>`;
}

/** On a narrow screen each row becomes a card whose lines bear the columns' titles. */
function table({ columns, rows }: Table): string {
  const end = columns.map(({ align }) => (align === 'end' ? ' class="end"' : ''));
  const head = columns.map(({ title }, at) => `<th scope="col"${end[at]}>${escapeHtml(title)}</th>`).join('');
  const body = rows.map((cells) => {
    const line = cells.map(
      (cell, at) =>
        `<td${end[at] ?? ''} data-title="${escapeHtml(columns[at]?.title ?? '')}">${renderText(cell)}</td>`,
    );
    return `<tr>${line.join('')}</tr>`;
  });
  return `<div class="table"><table><thead><tr>${head}</tr></thead>\n<tbody>${body.join('\n')}</tbody></table></div>`;
}

function bars({ unit, items }: Bars): string {
  const most = Math.max(...items.map(({ value }) => value), Number.MIN_VALUE);
  const lines = items.map(({ label, value }) => {
    const width = Math.max((value / most) * 100, 0.3).toFixed(1);
    return `<li><span class="label">${renderText(label)}</span><span class="track"><span class="bar" style="width:${width}%"></span></span><span class="value">${number(value)} ${escapeHtml(unit)}</span></li>`;
  });
  return `<ul class="bars">${lines.join('\n')}</ul>`;
}

/** Numbers with a thin space between the thousands. */
function number(value: number): string {
  return value
    .toFixed(value < 10 && !Number.isInteger(value) ? 1 : 0)
    .replaceAll(/\B(?=(\d{3})+(?!\d))/g, '\u2009');
}

function names({ groups }: Names): string {
  const parts = groups.map(({ title, names: all }) => {
    const items = all.map(
      ({ text, key }) =>
        `<li${key === undefined ? '' : ` id="${escapeHtml(key)}"`}><code>${escapeHtml(text)}</code></li>`,
    );
    return `<div><h3>${escapeHtml(title)} <span class="count">${all.length}</span></h3><ul>${items.join('\n')}</ul></div>`;
  });
  return `<div class="names">${parts.join('\n')}</div>`;
}
