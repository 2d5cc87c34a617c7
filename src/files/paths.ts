/** The manifest's own name in a folder that has one. */
export const manifestName = 'manifest.json';

/** How a folder of a moment is called: `20261123T081500Z`. */
export function stampOf(time: Date): string {
  return time.toISOString().replace(/\.\d+|[-:]/g, '');
}

/** Whether a path is relative, with `/`, and inside of its folder on every system. */
export function isInside(path: string): boolean {
  return path.split('/').every((segment) => isName(segment) && portableName(segment) === segment);
}

/** A name as it may lie on every system: of the characters that one can't have, `_` stands for each. */
export function portableName(name: string): string {
  // Backslash and colon are separators on Windows; a trailing dot or space is dropped there.
  return name.replaceAll(/[\\:\0]|[. ]$/g, '_');
}

/** Whether it can be one step of a path. */
function isName(segment: string): boolean {
  return !['', '.', '..'].includes(segment) && !segment.includes('\0');
}

/** Whether a path is relative with `/`, if need be out of its folder, but nowhere else up again. */
export function isProjectPath(path: string): boolean {
  return path
    .replace(/^(\.\.\/)+/, '')
    .split('/')
    .every(isName);
}
