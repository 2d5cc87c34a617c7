import type { Knex } from 'knex';
import type { Queryable } from '../database/client.js';

/**
 * Runs `fn` in a READ COMMITTED transaction of `client`, whatever the server's default: it commits
 * when `fn` succeeds, and the first error is the one that is thrown.
 */
export async function inTransaction<T>(client: Queryable, fn: () => Promise<T>): Promise<T> {
  let result: T;
  try {
    await client.query('BEGIN ISOLATION LEVEL READ COMMITTED, READ WRITE');
    result = await fn();
  } catch (error) {
    // On a lost connection the ROLLBACK fails as well.
    await client.query('ROLLBACK').catch(() => {});
    throw error;
  }
  await client.query('COMMIT');
  return result;
}

/** As {@link inTransaction}, with a transaction of Knex for `fn`. */
export async function inKnexTransaction<T>(
  knex: Knex,
  fn: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  let outcome: Promise<T> | undefined;
  const transaction = knex.transaction(
    (trx) => {
      outcome = fn(trx);
      return outcome;
    },
    { isolationLevel: 'read committed' },
  );
  try {
    const result = await transaction;
    // A migration can end the transaction from within, which settles Knex's promise before `fn`'s.
    return (await outcome) ?? result;
  } catch (error) {
    await outcome;
    throw error;
  }
}

/** As try and finally, but the error of `clean` never hides the first one. */
export async function finallyQuietly<T>(fn: () => Promise<T>, clean: () => Promise<void>): Promise<T> {
  let result: T;
  try {
    result = await fn();
  } catch (error) {
    await clean().catch(() => {});
    throw error;
  }
  await clean();
  return result;
}
