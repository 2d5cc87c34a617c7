import type { Knex } from 'knex';
import type { MigrationError } from 'umzug';
import { isSquashError, SquashError } from '../errors.js';

/** What the server tells of an error, as `pg` hands it on (PostgreSQL manual, Error and Notice Message Fields). */
interface ServerError extends Error {
  readonly code?: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  /** Counted in characters from 1. */
  readonly position?: string;
  readonly internalPosition?: string;
  readonly internalQuery?: string;
}

/**
 * Runs `fn`, which runs migrations through `knex`, and throws a migration's error as MIGRATION_FAILED:
 * it names the migration, the server's message, SQLSTATE, detail and hint, and where the server points
 * into the statement the line and column with a caret beneath. Other errors pass as they are.
 */
export async function explainingFailures<T>(knex: Knex, fn: () => Promise<T>): Promise<T> {
  // The server tells a position only; the statement is known to Knex.
  const statements = new WeakMap<object, string>();
  const remember = (error: object, { sql }: { sql: string }) => void statements.set(error, sql);
  knex.on('query-error', remember);
  try {
    return await fn();
  } catch (error) {
    throw isMigrationError(error) ? explain(error, statements) : error;
  } finally {
    knex.off('query-error', remember);
  }
}

function explain({ migration, cause }: MigrationError, statements: WeakMap<object, string>): SquashError {
  if (isSquashError(cause)) return cause;
  const failed = `the migration "${migration.name}" failed`;
  const when = migration.direction === 'down' ? `${failed} on its way down` : failed;
  const reason = isError(cause)
    ? describe(cause, statements.get(cause))
    : `it threw ${JSON.stringify(cause) ?? String(cause)}, which is no error`;
  return new SquashError('MIGRATION_FAILED', `${when}: ${reason}`, {
    hint: 'Put the migration right, or bring the database into the state that it expects, and run the command again.',
    cause,
  });
}

function isMigrationError(error: unknown): error is MigrationError {
  return isError(error) && error.name === 'MigrationError';
}

// By shape: an error that a loader's realm made is no instance of our Error.
function isError(error: unknown): error is Error {
  return typeof (error as { message?: unknown } | null | undefined)?.message === 'string';
}

function describe(error: ServerError, sql: string | undefined): string {
  const state = error.code === undefined ? '' : ` (${error.code})`;
  return [
    `${plainMessage(error, sql)}${state}`,
    ...pointInto(sql, error.position),
    ...pointInto(error.internalQuery, error.internalPosition),
    ...(error.detail === undefined ? [] : [`detail: ${error.detail}`]),
    ...(error.hint === undefined ? [] : [`hint: ${error.hint}`]),
    ...(error.where === undefined ? [] : [`context: ${error.where}`]),
  ].join('\n');
}

/** Knex puts the whole statement before the server's message, its `?` replaced (query-executioner.js). */
function plainMessage({ message }: Error, sql: string | undefined): string {
  if (sql === undefined) return message;
  const asItStands = sql.slice(sql.lastIndexOf('?') + 1);
  const at = message.lastIndexOf(`${asItStands} - `);
  return at < 0 ? message : message.slice(at + asItStands.length + ' - '.length);
}

/** `line 2, column 8:` and the line itself with a caret under the column. */
function pointInto(sql: string | undefined, position: string | undefined): readonly string[] {
  if (sql === undefined || position === undefined) return [];
  // The server counts characters, JavaScript's strings count UTF-16 units.
  const before = [...sql].slice(0, Number(position) - 1).join('');
  const number = before.split('\n').length;
  const column = [...before.slice(before.lastIndexOf('\n') + 1)].length + 1;
  const line = (sql.split('\n')[number - 1] ?? '').replaceAll('\t', ' ');
  return [`line ${number}, column ${column}:`, `  ${line}`, `  ${' '.repeat(column - 1)}^`];
}
