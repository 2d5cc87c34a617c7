import type { Graphviz } from '@hpcc-js/wasm-graphviz';
import type { Drawing, Way } from './dot.js';
import { escapeHtml } from './html/escape.js';
import type { Block } from './page.js';

/** Pixels that a page has for a picture: of two ways to lay it out the one that fits better is taken. */
const room = 1000;

/** Milliseconds after which no further picture is begun: a report must not keep a squash waiting. */
const patience = 5000;

/** Pictures as blocks: the first at once, the others to be unfolded. */
export async function drawPictures(drawings: readonly Drawing[]): Promise<readonly Block[]> {
  if (drawings.length === 0) return [];
  // A megabyte of WebAssembly, which only a report needs.
  const { Graphviz } = await import('@hpcc-js/wasm-graphviz');
  const graphviz = await Graphviz.load();
  const deadline = performance.now() + patience;
  return drawings.map(({ title, description, ways, titles }, at): Block => {
    const svgs = performance.now() > deadline ? [] : ways.flatMap((way) => laidOut(graphviz, way));
    const [svg] = svgs.sort((a, b) => misfit(a) - misfit(b));
    const block: Block =
      svg === undefined
        ? { kind: 'text', text: 'Too much to be drawn.' }
        : { kind: 'picture', svg: inline(svg, title, titles), description };
    return at === 0 ? block : { kind: 'folded', title, blocks: [block] };
  });
}

/** What Graphviz makes of it; nothing where it gives up. */
function laidOut(graphviz: Graphviz, { engine, dot }: Way): readonly string[] {
  try {
    return [graphviz.layout(dot, 'svg', engine)];
  } catch {
    return [];
  }
}

/** How much of it lies beyond the page's width, and its height as far as one has to scroll. */
function misfit(svg: string): number {
  const [width, height] = sizeOf(svg);
  return Math.max(0, width - room) * 2 + height;
}

function sizeOf(svg: string): readonly [width: number, height: number] {
  const [, width = '0', height = '0'] = /<svg width="([\d.]+)pt" height="([\d.]+)pt"/.exec(svg) ?? [];
  return [(Number(width) * 4) / 3, (Number(height) * 4) / 3];
}

/** Graphviz's document as an element of a page: no prologue, no comments, our titles, as wide as it may be. */
function inline(svg: string, title: string, titles: ReadonlyMap<string, string>): string {
  const [width] = sizeOf(svg);
  const size = `style="width:${width.toFixed(0)}px;max-width:100%;min-width:${(width * 0.7).toFixed(0)}px"`;
  return svg
    .replace(/^[\s\S]*?(?=<svg )/, '')
    .replaceAll(/<!--[\s\S]*?-->\n?/g, '')
    .replace(/<svg width="[^"]*" height="[^"]*"/, `<svg role="img" aria-label="${escapeHtml(title)}" ${size}`)
    .replaceAll(/ xlink:title="[^"]*"/g, '')
    .replaceAll(/<title>([^<]*)<\/title>/g, (_, name: string) => {
      const told = titles.get(name);
      return told === undefined ? '' : `<title>${escapeHtml(told)}</title>`;
    });
}
