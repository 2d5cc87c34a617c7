import type { ClientConfig } from 'pg';
import { errorCode, type Queryable, withClient } from '../database/client.js';
import { quoteIdent } from '../database/sql.js';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';

/** The two renames of a restore. */
export interface Renames {
  readonly temporary: string;
  readonly target: string;
  /** What the old database is called from then on; null where there is none. */
  readonly kept: string | null;
}

/** Milliseconds between two looks at who is still connected. */
const interval = 100;

/**
 * Puts a database into the place of another in one transaction. The first rename locks the old
 * database, so that whoever connects has to wait; those who are there already are sent away meanwhile.
 *
 * @param admin another database of the server.
 * @throws SquashError RESTORE_FAILED; nothing has changed then.
 */
export async function swapDatabases(admin: ClientConfig, renames: Renames): Promise<void> {
  const { temporary, target, kept } = renames;
  await withClient(admin, async (client) => {
    await client.query('BEGIN');
    try {
      // What is reported as done must outlive the server, whatever it is set to.
      await client.query(
        `SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`,
      );
      if (kept !== null) await whileSendingAway(admin, target, () => rename(client, target, kept));
      failpoint('restore-full.moved-aside');
      await whileSendingAway(admin, temporary, () => rename(client, temporary, target));
      failpoint('restore-full.renamed');
      await client.query('COMMIT');
    } catch (cause) {
      await client.query('ROLLBACK').catch(() => {});
      throw notSwapped(target, cause);
    }
  });
}

async function rename(client: Queryable, from: string, to: string): Promise<void> {
  await client.query(`ALTER DATABASE ${quoteIdent(from)} RENAME TO ${quoteIdent(to)}`);
}

/** The server waits five seconds for the last session to leave. */
async function whileSendingAway(
  admin: ClientConfig,
  database: string,
  fn: () => Promise<void>,
): Promise<void> {
  await withClient(admin, async (client) => {
    const sendAway = () =>
      client
        .query(
          'SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = $1',
          [database],
        )
        // Whose sessions may not be ended stay, and the rename then says so.
        .catch(() => {});
    const timer = setInterval(() => void sendAway(), interval);
    try {
      await Promise.all([sendAway(), fn()]);
    } finally {
      clearInterval(timer);
    }
  });
}

function notSwapped(target: string, cause: unknown): unknown {
  const code = errorCode(cause);
  if (code === '55006') {
    return new SquashError('RESTORE_FAILED', `others are connected to "${target}" and can't be sent away`, {
      hint: 'Nothing was touched. Stop the program, or grant this role pg_signal_backend, and run it again.',
      cause,
    });
  }
  if (code !== '42501') return cause;
  return new SquashError('RESTORE_FAILED', `this role may not rename the database "${target}"`, {
    hint: 'Nothing was touched. Restore beside it with --into NAME, or as the owner of the database with CREATEDB.',
    cause,
  });
}

/** `app_before_20261126T101500Z`, cut so that the server doesn't have to: it takes 63 bytes. */
export async function freeName(client: Queryable, target: string, stamp: string): Promise<string> {
  for (let n = 1; ; n++) {
    const ending = `_before_${stamp}${n === 1 ? '' : `_${n}`}`;
    let stem = target;
    while (Buffer.byteLength(stem) + ending.length > 63) stem = [...stem].slice(0, -1).join('');
    const { rowCount } = await client.query('SELECT FROM pg_catalog.pg_database WHERE datname = $1', [
      stem + ending,
    ]);
    if (rowCount === 0) return stem + ending;
  }
}
