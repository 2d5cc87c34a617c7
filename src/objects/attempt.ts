import { errorCode, type Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';

/** Something that makes an object, and may have to wait until another is made. */
export interface Attempt {
  /** What is named when it fails. */
  readonly label: string;
  readonly run: () => Promise<void>;
}

/** An attempt that did not succeed, and why. */
export interface Failure {
  readonly attempt: Attempt;
  readonly error: unknown;
}

/** undefined_table, _column, _function, _object, invalid_schema_name; an unfilled materialized view. */
const waits = new Set(['42P01', '42703', '42883', '42704', '3F000', '55000']);

/** invalid_table_definition, invalid_function_definition: it can't be replaced where it is. */
const unreplaceable = new Set(['42P16', '42P13']);

export function isWaiting(error: unknown): boolean {
  return waits.has(errorCode(error) ?? '');
}

export function needsRebuild(error: unknown): boolean {
  return unreplaceable.has(errorCode(error) ?? '');
}

/**
 * Runs attempts, each behind a savepoint, again and again as long as one that failed can hope for
 * another; gives those that remain.
 */
export async function inRounds(client: Queryable, attempts: readonly Attempt[]): Promise<readonly Failure[]> {
  let left = attempts;
  for (;;) {
    const failures: Failure[] = [];
    for (const attempt of left) {
      const error = await behindSavepoint(client, attempt);
      if (error !== null) failures.push({ attempt, error });
    }
    const isStuck = failures.length === left.length || !failures.some(({ error }) => isWaiting(error));
    if (isStuck) return failures;
    left = failures.map(({ attempt }) => attempt);
  }
}

async function behindSavepoint(client: Queryable, { label, run }: Attempt): Promise<unknown> {
  await client.query('SAVEPOINT knex_squash_object');
  try {
    await run();
  } catch (error) {
    const back = 'ROLLBACK TO SAVEPOINT knex_squash_object; RELEASE SAVEPOINT knex_squash_object';
    await client.query(back).catch(() => {
      throw endedTransaction(label);
    });
    return error;
  }
  await client.query('RELEASE SAVEPOINT knex_squash_object').catch(() => {
    throw endedTransaction(label);
  });
  return null;
}

function endedTransaction(label: string): SquashError {
  return new SquashError('OBJECT_FILE_INVALID', `${label} ends the transaction that it runs in`, {
    hint: 'Take BEGIN, COMMIT and ROLLBACK out of it, then look at what it has done.',
  });
}
