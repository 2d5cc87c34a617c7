import { existsSync, readFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import type { Migration } from './migration.js';

/** How a migration file's functions are exported. */
export type ModuleFormat = 'typescript' | 'esm' | 'commonjs';

/**
 * The format that a file beside this migration must have: by its extension, else, for `.js`, by the
 * nearest package.json's `type` (Node.js, Determining module system).
 */
export function moduleFormat({ name, path }: Pick<Migration, 'name' | 'path'>): ModuleFormat {
  const extension = extname(path ?? name);
  if (/^\.[cm]?ts$/.test(extension)) return 'typescript';
  if (extension === '.mjs') return 'esm';
  if (extension === '.cjs' || path === null) return 'commonjs';
  return nearestType(dirname(path)) === 'module' ? 'esm' : 'commonjs';
}

function nearestType(folder: string): string {
  const file = join(folder, 'package.json');
  if (existsSync(file))
    return String((JSON.parse(readFileSync(file, 'utf8')) as { type?: string }).type ?? 'commonjs');
  const parent = dirname(folder);
  return parent === folder ? 'commonjs' : nearestType(parent);
}
