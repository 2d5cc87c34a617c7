import { diffLines, diffWordsWithSpace } from 'diff';
import type { Change } from '../page.js';
import { escapeHtml } from './escape.js';

/** One line of both sides: its number and its HTML, or null where a side has none. */
interface Pair {
  readonly before: Line | null;
  readonly after: Line | null;
}

interface Line {
  readonly number: number;
  readonly html: string;
  readonly changed: boolean;
}

/** Lines that stay are shown so far around what changed. */
const around = 3;

/** Two texts side by side, changed words marked; on a narrow screen one above the other. */
export function renderChange({ before, after }: Change, title: string): string {
  const pairs = pairUp(before.text ?? '', after.text ?? '');
  const side = (name: 'before' | 'after', heading: string, isThere: boolean): string =>
    `<div class="side ${name}"><h4>${escapeHtml(heading)}</h4>${isThere ? lines(pairs, name) : '<p class="absent">not there</p>'}</div>`;
  return `<div class="change"><h3>${title}</h3><div class="sides">
${side('before', before.title, before.text !== null)}
${side('after', after.title, after.text !== null)}
</div></div>`;
}

function lines(pairs: readonly (Pair | null)[], side: 'before' | 'after'): string {
  const cells = pairs.map((pair) => {
    if (pair === null) return '<span class="line gap">⋯</span>';
    const line = pair[side];
    if (line === null) return '<span class="line void"> </span>';
    return `<span class="line${line.changed ? ' changed' : ''}"><span class="no">${line.number}</span>${line.html || ' '}</span>`;
  });
  return `<pre>${cells.join('')}</pre>`;
}

function pairUp(before: string, after: string): readonly (Pair | null)[] {
  const parts = diffLines(terminated(before), terminated(after));
  const pairs: Pair[] = [];
  const at = { before: 0, after: 0 };
  for (let index = 0; index < parts.length; index++) {
    const part = parts[index];
    if (part === undefined) continue;
    const own = split(part.value);
    const next = parts[index + 1];
    if (part.removed && next?.added) {
      pairs.push(...changed(own, split(next.value), at));
      index++;
    } else if (part.removed) pairs.push(...changed(own, [], at));
    else if (part.added) pairs.push(...changed([], own, at));
    else pairs.push(...own.map((text) => same(text, at)));
  }
  return shortened(pairs);
}

type Count = { before: number; after: number };

function same(text: string, at: Count): Pair {
  const html = escapeHtml(text);
  return {
    before: { number: ++at.before, html, changed: false },
    after: { number: ++at.after, html, changed: false },
  };
}

function changed(removed: readonly string[], added: readonly string[], at: Count): readonly Pair[] {
  return Array.from({ length: Math.max(removed.length, added.length) }, (_, index) => {
    const [was, is] = [removed[index], added[index]];
    const [before, after] =
      was !== undefined && is !== undefined ? words(was, is) : [escapeHtml(was ?? ''), escapeHtml(is ?? '')];
    return {
      before: was === undefined ? null : { number: ++at.before, html: before, changed: true },
      after: is === undefined ? null : { number: ++at.after, html: after, changed: true },
    };
  });
}

/** Beyond so many characters a line's words aren't compared one by one. */
const longLine = 4000;

function words(was: string, is: string): readonly [string, string] {
  if (was.length + is.length > longLine) return [escapeHtml(was), escapeHtml(is)];
  const parts = diffWordsWithSpace(was, is);
  const side = (skip: 'added' | 'removed'): string =>
    parts
      .filter((part) => !part[skip])
      .map((part) =>
        part.added || part.removed ? `<mark>${escapeHtml(part.value)}</mark>` : escapeHtml(part.value),
      )
      .join('');
  return [side('added'), side('removed')];
}

/** Long stretches without a change become one null. */
function shortened(pairs: readonly Pair[]): readonly (Pair | null)[] {
  const isChanged = pairs.map(({ before, after }) => !before || !after || before.changed);
  const near = new Set<number>();
  for (const [at, is] of isChanged.entries()) {
    if (is) for (let index = at - around; index <= at + around; index++) near.add(index);
  }
  if (near.size === 0) return pairs;
  return pairs.flatMap((pair, at): readonly (Pair | null)[] => {
    if (near.has(at)) return [pair];
    return at === 0 || near.has(at - 1) ? [null] : [];
  });
}

function split(text: string): readonly string[] {
  const all = text.split('\n');
  return all.at(-1) === '' ? all.slice(0, -1) : all;
}

function terminated(text: string): string {
  return text === '' || text.endsWith('\n') ? text : `${text}\n`;
}
