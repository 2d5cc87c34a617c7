import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { MigrationSettings } from '../../src/settings/settings.js';

/** Runs `fn` in a new folder that holds the given files (name to text), and removes it. */
export async function withProject<T>(
  files: Readonly<Record<string, string>>,
  fn: (root: string) => Promise<T>,
): Promise<T> {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'knex-squash-project-')));
  try {
    for (const [name, text] of Object.entries(files)) await writeIn(root, name, text);
    return await fn(root);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** Writes a file of a project, its folders included; gives its absolute path. */
export async function writeIn(root: string, name: string, text: string): Promise<string> {
  const path = join(root, name);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, text);
  return path;
}

/** Knex's defaults with the project's folder `migrations`. */
export function migrationSettings(root: string, changes: Partial<MigrationSettings> = {}): MigrationSettings {
  return {
    directories: [join(root, 'migrations')],
    sortDirsSeparately: false,
    loadExtensions: ['.co', '.coffee', '.eg', '.iced', '.js', '.cjs', '.litcoffee', '.ls', '.ts'],
    tableName: 'knex_migrations',
    schemaName: null,
    disableTransactions: false,
    migrationSource: null,
    sameName: 'exact',
    ...changes,
  };
}

/** A CommonJS migration that creates a table of that name, and drops it on its way down. */
export function createsTable(table: string, extra = ''): string {
  return `exports.up = (knex) => knex.schema.createTable('${table}', (t) => t.increments());
exports.down = (knex) => knex.schema.dropTable('${table}');
${extra}`;
}
