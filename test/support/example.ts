import { cp, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { sha256 } from '../../src/history/hash.js';
import { loadSettings } from '../../src/settings/load.js';
import type { Settings } from '../../src/settings/settings.js';
import { withProject } from './project.js';
import { withDatabase } from './server.js';

/** A copy of the example project whose knexfile leads to a fresh, empty database. */
export interface Example {
  readonly root: string;
  readonly settings: Settings;
  readonly database: ClientConfig;
}

/** Runs `fn` on a copy of the example project, and removes it. `files` are added or replaced. */
export async function withExample<T>(
  fn: (example: Example) => Promise<T>,
  files: Readonly<Record<string, string>> = {},
): Promise<T> {
  return withDatabase((database) =>
    withProject({ 'package.json': '{ "type": "module" }', ...files }, async (root) => {
      await cp('migrations', join(root, 'migrations'), { recursive: true });
      return fn({ root, database, settings: await settingsOf(root, database) });
    }),
  );
}

/** Settings of a project without a knexfile, on that database. */
export async function settingsOf(root: string, database: ClientConfig): Promise<Settings> {
  return loadSettings({ cwd: root, env: {}, flags: { url: urlOf(database) } });
}

/** A connection as a URL. */
export function urlOf({ user, password, host, port, database }: ClientConfig): string {
  const secret = typeof password === 'string' && password !== '' ? `:${encodeURIComponent(password)}` : '';
  return `postgres://${encodeURIComponent(user ?? '')}${secret}@${host}:${port}/${encodeURIComponent(database ?? '')}`;
}

/** Every file below a folder with the sha256 of its bytes: equal before and after means untouched. */
export async function treeOf(folder: string): Promise<Readonly<Record<string, string>>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const hashed = await Promise.all(
    files.sort().map(async (path) => [path.slice(folder.length + 1), sha256(await readFile(path))] as const),
  );
  return Object.fromEntries(hashed);
}
