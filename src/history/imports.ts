import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, resolve } from 'node:path';

const specifier = /(?:\brequire\s*\(\s*|\bfrom\s*|\bimport\s*\(?\s*)(['"`])(\.{1,2}\/[^'"`\n]+)\1/g;

/** The relative paths that a source imports, as they stand in it. Read, not parsed: a comment may name one too. */
export function relativeImports(source: string): readonly string[] {
  return [...source.matchAll(specifier)].map(([, , path]) => path ?? '');
}

/** Which of these files a source at `path` imports; an extension may be left out, or be that of what is built. */
export function importedOf(source: string, path: string, files: readonly string[]): readonly string[] {
  const wanted = new Set(relativeImports(source).map((each) => stem(resolve(dirname(path), each))));
  return files.filter((file) => wanted.has(stem(file)));
}

/**
 * Where a loader finds what a source at `path` imports of files that have moved away, and what those
 * import in their turn: relative paths as they stand in the sources, to absolute ones.
 *
 * @param moved absolute paths by where the files once lay.
 */
export function movedImports(
  source: string,
  path: string,
  moved: ReadonlyMap<string, string>,
): Readonly<Record<string, string>> {
  const gone = [...moved].filter(([from]) => !existsSync(from));
  const byStem = new Map(gone.map(([from, to]) => [stem(from), to]));
  const aliases: Record<string, string> = {};
  const follow = (text: string, from: string): void => {
    for (const each of relativeImports(text)) {
      if (each in aliases) continue;
      const target = resolve(dirname(from), each);
      const now = byStem.get(stem(target));
      aliases[each] = now ?? target;
      if (now !== undefined) follow(readFileSync(now, 'utf8'), placeOf(gone, now));
    }
  };
  follow(source, path);
  return [...byStem.values()].some((to) => Object.values(aliases).includes(to)) ? aliases : {};
}

function placeOf(gone: readonly (readonly [string, string])[], now: string): string {
  return gone.find(([, to]) => to === now)?.[0] ?? now;
}

function stem(path: string): string {
  const extension = extname(path);
  return /^\.[cm]?[jt]sx?$/.test(extension) ? path.slice(0, -extension.length) : path;
}
