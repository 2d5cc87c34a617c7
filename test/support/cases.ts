import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { sha256 } from '../../src/history/hash.js';
import type { LoadedMigration, Migration } from '../../src/history/migration.js';
import type { RowSettings } from '../../src/settings/rows.js';

const folder = join(process.cwd(), 'test/cases');

/** What a folder's `case.json` may say. */
interface CaseNotes {
  /** Majors of PostgreSQL on which the case makes sense. */
  readonly minMajor?: number;
  readonly maxMajor?: number;
  /** The refusal that is expected instead of a baseline: its code, and a part of its message. */
  readonly refused?: { readonly code: string; readonly message: string };
  /** Why pg_dump can't be asked: what it gets wrong itself. */
  readonly withoutPgDump?: string;
  /** What `squash` in the knexfile would say of rows. */
  readonly rows?: Partial<RowSettings>;
  readonly note?: string;
}

/** A history in `test/cases/<kind>--<trait>`: `1.sql`, `2.sql`, … are its migrations. */
export interface Case extends CaseNotes {
  readonly name: string;
  readonly migrations: readonly Migration[];
}

/** Every case by name, or those whose name has what the variable CASES says. */
export function listCases(): readonly Case[] {
  return readdirSync(folder)
    .filter((name) => name.includes(process.env.CASES ?? ''))
    .sort()
    .map(readCase);
}

/** The case of that name. */
export function readCase(name: string): Case {
  const notes = join(folder, name, 'case.json');
  const steps = readdirSync(join(folder, name))
    .filter((file) => file.endsWith('.sql'))
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return {
    ...(existsSync(notes) ? (JSON.parse(readFileSync(notes, 'utf8')) as CaseNotes) : {}),
    name,
    migrations: steps.map((file) => {
      const sql = readFileSync(join(folder, name, file), 'utf8');
      return sqlMigration(`${file.replace(/\.sql$/, '').padStart(3, '0')}_step.cjs`, sql);
    }),
  };
}

/** A migration that sends a text to the driver; its first line may say `-- transaction: false`. */
export function sqlMigration(name: string, sql: string): Migration {
  const migration: LoadedMigration = {
    up: (knex) => send(knex, sql),
    down: async () => {},
    config: { transaction: !sql.startsWith('-- transaction: false') },
  };
  return { name, path: null, sha256: sha256(sql), load: async () => migration };
}

/** Past knex.raw, which takes each `?` for a binding. */
async function send(knex: Knex, sql: string): Promise<void> {
  const connection = await knex.client.acquireConnection();
  try {
    await connection.query(sql);
  } finally {
    await knex.client.releaseConnection(connection);
  }
}
