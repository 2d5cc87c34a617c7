import { randomBytes } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { ClientConfig } from 'pg';
import {
  type RestoreJournal,
  readRestoreJournal,
  removeRestoreJournal,
  writeRestoreJournal,
} from './backup/journal.js';
import type { DatabaseProperties } from './backup/manifest.js';
import { propertyStatements, readProperties } from './backup/properties.js';
import type { Backup } from './backup/read.js';
import { freeName, swapDatabases } from './backup/rename.js';
import { restoreInto } from './backup/restore.js';
import { reporter } from './backup/work.js';
import { type BackupOptions, differencesOf, differs } from './backup.js';
import { describeServer, errorCode, onDatabase, withClient } from './database/client.js';
import { createDatabaseClauses } from './database/locale.js';
import type { Server } from './database/server.js';
import { dropSubscriptions } from './database/shadow.js';
import { quoteIdent } from './database/sql.js';
import { SquashError } from './errors.js';
import { failpoint } from './failpoint.js';

/** The names that a restore beside the target uses, and what it finds. */
export interface RestorePlan {
  readonly target: string;
  readonly temporary: string;
  readonly kept: string | null;
  /** Of the database that is replaced, else of the one that was backed up. */
  readonly properties: DatabaseProperties;
}

/** Everything that such a restore needs. */
export interface RestoreBeside {
  readonly server: Server;
  readonly backup: Backup;
  readonly plan: RestorePlan;
  readonly journalPath: string;
  readonly options: Pick<BackupOptions, 'jobs' | 'onProgress'>;
}

/** How a restore ended. */
export interface RestoreEnd {
  /** What the former database is called now; null where there was none. */
  readonly kept: string | null;
  /** One that had been cut off was only carried to its end. */
  readonly continued: boolean;
}

/** Chooses the names. @param stamp the server's time, as in names. */
export async function planBeside(
  { admin, target: config }: Server,
  { manifest }: Backup,
  { target, exists, stamp }: { readonly target: string; readonly exists: boolean; readonly stamp: string },
): Promise<RestorePlan> {
  return {
    target,
    temporary: `knex_squash_restore_${stamp}_${randomBytes(4).toString('hex')}`,
    kept: exists ? await withClient(admin, (client) => freeName(client, target, stamp)) : null,
    properties: exists ? await withClient(onDatabase(config, target), readProperties) : manifest.database,
  };
}

/**
 * Restores into a temporary database, compares it, and swaps it in. Cut off in between, a rerun goes on.
 *
 * @throws SquashError RESTORE_FAILED, BACKUP_DIFFERS. The target is untouched then.
 */
export async function restoreBeside(work: RestoreBeside): Promise<RestoreEnd> {
  const { server, backup, journalPath } = work;
  const identity = await identityOf(server.admin);
  const left = await readRestoreJournal(journalPath);
  const isOurs = left !== null && left.server === identity;
  if (isOurs) {
    const done = await resume(work, left);
    if (done !== null) return done;
  }
  const { plan } = work;
  const journal: RestoreJournal = {
    formatVersion: 1,
    server: identity,
    backup: backup.manifest.sha256,
    target: plan.target,
    temporary: plan.temporary,
    kept: plan.kept,
    phase: 'restoring',
  };
  await writeRestoreJournal(journalPath, journal);
  failpoint('restore-full.started');
  try {
    await fill(work);
    await writeRestoreJournal(journalPath, { ...journal, phase: 'ready' });
    failpoint('restore-full.ready');
    await swapDatabases(server.admin, plan);
  } catch (error) {
    // The first error counts; what stays is named in the journal.
    const isGone = await dropTemporary(server.admin, plan.temporary).then(
      () => true,
      () => false,
    );
    if (isGone) await removeRestoreJournal(journalPath);
    throw error;
  }
  failpoint('restore-full.swapped');
  await removeRestoreJournal(journalPath);
  return { kept: plan.kept, continued: false };
}

/** The cluster's own number, since ports change hands; where a role may not read it, host and port. */
async function identityOf(admin: ClientConfig): Promise<string> {
  const query = 'SELECT system_identifier::text AS id FROM pg_catalog.pg_control_system()';
  const { rows } = await withClient(admin, (client) => client.query<{ id: string }>(query)).catch((error) => {
    if (errorCode(error) !== '42501') throw error;
    return { rows: [] };
  });
  return rows[0]?.id ?? describeServer(admin);
}

/** Goes on from where another run was cut off; null where everything is to be done anew. */
async function resume(work: RestoreBeside, left: RestoreJournal): Promise<RestoreEnd | null> {
  const { server, backup, plan, journalPath } = work;
  const isSame = left.backup === backup.manifest.sha256 && left.target === plan.target;
  const found = await withClient(server.admin, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'SELECT datname FROM pg_catalog.pg_database WHERE datname = ANY ($1)',
      [[left.temporary, left.kept, left.target]],
    );
    return new Set(rows.map(({ datname }) => datname));
  });
  if (!found.has(left.temporary)) {
    // Cut off before it was made, or after the renames, which are one.
    const isSwapped =
      left.phase === 'ready' && found.has(left.target) && (left.kept === null || found.has(left.kept));
    await removeRestoreJournal(journalPath);
    return isSame && isSwapped ? { kept: left.kept, continued: true } : null;
  }
  if (isSame && left.phase === 'ready') {
    const differences = await differencesOf(onDatabase(server.admin, left.temporary), backup);
    if (differences.length === 0) {
      await swapDatabases(server.admin, left);
      await removeRestoreJournal(journalPath);
      return { kept: left.kept, continued: true };
    }
  }
  await dropTemporary(server.admin, left.temporary);
  await removeRestoreJournal(journalPath);
  return null;
}

/** Makes the temporary database, fills it, and compares it with the backup. */
async function fill({ server, backup, plan, options }: RestoreBeside): Promise<void> {
  const { admin } = server;
  const temporary = onDatabase(admin, plan.temporary);
  const clauses = createDatabaseClauses(backup.manifest.database.locale).join(' ');
  await withClient(admin, (client) =>
    client.query(`CREATE DATABASE ${quoteIdent(plan.temporary)} TEMPLATE template0 ${clauses}`),
  ).catch(notCreated);
  failpoint('restore-full.created');
  const work = { jobs: options.jobs ?? null, onProgress: reporter(options) };
  await restoreInto(temporary, backup, work);
  failpoint('restore-full.restored');
  options.onProgress?.('compare');
  const differences = await differencesOf(temporary, backup);
  if (differences.length > 0) throw differs(backup, differences);
  await giveProperties(admin, temporary, plan);
}

async function giveProperties(
  admin: ClientConfig,
  temporary: ClientConfig,
  { temporary: name, properties }: RestorePlan,
): Promise<void> {
  await withClient(admin, (client) =>
    client.query(['BEGIN', ...propertyStatements(name, properties), 'COMMIT'].join(';\n')),
  );
  const { name: _, locale: __, ...wanted } = properties;
  const { name: ___, locale: ____, ...got } = await withClient(temporary, readProperties);
  if (isDeepStrictEqual(plain(got), plain(wanted))) return;
  throw new SquashError(
    'RESTORE_FAILED',
    `the restored database didn't take the owner, grants and settings of the old one`,
    {
      hint: `Nothing was touched. Expected ${JSON.stringify(wanted)}, found ${JSON.stringify(got)}.`,
    },
  );
}

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

async function dropTemporary(admin: ClientConfig, name: string): Promise<void> {
  await withClient(admin, async (client) => {
    const drop = () => client.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)} WITH (FORCE)`);
    await drop().catch(async (error) => {
      // A database with subscriptions can't be dropped.
      if (errorCode(error) !== '55006') throw error;
      await withClient(onDatabase(admin, name), dropSubscriptions);
      await drop();
    });
  });
}

function notCreated(cause: unknown): never {
  if (errorCode(cause) !== '42501') throw cause;
  throw new SquashError(
    'RESTORE_FAILED',
    'this role may not create databases, so nothing can be restored beside the old one',
    {
      hint: 'Nothing was touched. Restore as a role with CREATEDB, or by hand: the README.md of the backup says how.',
      cause,
    },
  );
}
