import { setTimeout as sleep } from 'node:timers/promises';
import type { Knex } from 'knex';
import type { ClientConfig } from 'pg';
import { errorCode, type Queryable, withClient } from '../database/client.js';
import { SquashError } from '../errors.js';
import { onSession } from './connect.js';

/**
 * A server doesn't notice by itself that the client of a running statement is gone, and would commit
 * what nobody waits for (PostgreSQL manual, client_connection_check_interval).
 */
const checkClient = `SELECT set_config('client_connection_check_interval', '1000', true) WHERE version() ~ 'linux'`;

const begin = `BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE; ${checkClient}`;

const askForNumber = 'SELECT pg_current_xact_id_if_assigned()::text AS xid';

/**
 * Runs `fn` in a READ COMMITTED transaction of `client`, whatever the server's default: it commits
 * when `fn` succeeds, and the first error is the one that is thrown. Where the connection is lost
 * while it commits, another session learns how it ended.
 */
export async function inTransaction<T>(
  client: Queryable,
  connection: ClientConfig,
  fn: () => Promise<T>,
): Promise<T> {
  let result: T;
  let xid: string | null;
  try {
    await client.query(begin);
    result = await fn();
    xid = await numberOf(client);
  } catch (error) {
    // On a lost connection the ROLLBACK fails as well.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
  try {
    await client.query('COMMIT');
    return result;
  } catch (error) {
    if (!isConnectionLoss(error)) throw error;
    const ask = (number: string) => withClient(connection, (other) => statusOf(other, number));
    if (await hasCommitted(xid, ask)) return result;
    throw error;
  }
}

/** As {@link inTransaction}, with a transaction of Knex for `fn`; on a shadow none of it need be certain. */
export async function inKnexTransaction<T>(
  knex: Knex,
  fn: (trx: Knex.Transaction) => Promise<T>,
  { isCertain = true }: { readonly isCertain?: boolean } = {},
): Promise<T> {
  const config = { isolationLevel: 'read committed', doNotRejectOnRollback: false } as const;
  let xid: string | null | undefined;
  // A migration can end the transaction from within, which settles Knex's promise before `fn`'s.
  let outcome: Promise<T> | undefined;
  try {
    const result = await knex.transaction(async (trx) => {
      if (isCertain) await onSession(trx, (client) => client.query(checkClient));
      outcome = fn(trx);
      await outcome;
      if (isCertain && !trx.isCompleted()) xid = await onSession(trx, numberOf);
      return outcome;
    }, config);
    return (await outcome) ?? result;
  } catch (error) {
    // Where the ROLLBACK failed as well, the first error is `fn`'s.
    const result = await outcome;
    if (xid === undefined || !isConnectionLoss(error)) throw error;
    const ask = (number: string) => onSession(knex, (client) => statusOf(client, number));
    if (await hasCommitted(xid, ask)) return result as T;
    throw error;
  }
}

async function numberOf(client: Queryable): Promise<string | null> {
  const { rows } = await client.query<{ xid: string | null }>(askForNumber);
  return rows[0]?.xid ?? null;
}

async function statusOf(client: Queryable, xid: string): Promise<string | null> {
  const { rows } = await client.query<{ status: string | null }>(
    'SELECT pg_xact_status($1::xid8) AS status',
    [xid],
  );
  return rows[0]?.status ?? null;
}

/** Milliseconds in which a server that was lost must be back. */
const patience = 30_000;

/** How a transaction ended whose COMMIT got no answer; one without a number has written nothing. */
async function hasCommitted(
  xid: string | null,
  ask: (xid: string) => Promise<string | null>,
): Promise<boolean> {
  if (xid === null) return true;
  for (const deadline = performance.now() + patience; ; await sleep(100)) {
    const status = await ask(xid).catch((error: unknown) => {
      if (performance.now() < deadline) return 'in progress';
      throw new SquashError('SERVER_UNREACHABLE', `the connection was lost during a COMMIT`, {
        hint: 'It is done or not done as a whole: run the command again, which finds out.',
        cause: error,
      });
    });
    if (status !== 'in progress') return status === 'committed';
    if (performance.now() >= deadline) return false;
  }
}

/** Whether the session is gone: its socket, or at the server's will (class 08, 57P01 to 57P03). */
export function isConnectionLoss(error: unknown): boolean {
  const code = errorCode(error) ?? '';
  if (/^(08...|57P0[123]|ECONNRESET|EPIPE|ETIMEDOUT|ECONNREFUSED)$/.test(code)) return true;
  const { message = '' } = Object(error) as { message?: string };
  // Knex puts the statement before it: `COMMIT; - Connection terminated unexpectedly`.
  return /(^| - )Connection terminated|not queryable|timeout expired|socket hang up/i.test(message);
}

/** Whether the same transaction may well succeed on a second try: nothing of the first one is left. */
export function isTransient(error: unknown): boolean {
  return ['55P03', '40P01'].includes(errorCode(error) ?? '') || isConnectionLoss(error);
}
