import type { ClientConfig } from 'pg';
import { userRow } from '../catalog/kind.js';
import { withRows } from '../rows/session.js';

/** A CHECK that is called valid and that rows of its table don't pass any more. */
export interface BrokenCheck {
  /** Id of the constraint. */
  readonly id: string;
  /** What the server says of it, or that a row violates it. */
  readonly reason: string;
}

const query = `
  SELECT format('constraint %I ON %I.%I', k.conname, n.nspname, c.relname) AS id,
    format('%I.%I', n.nspname, c.relname) AS relation, pg_get_expr(k.conbin, k.conrelid) AS expression
  FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE k.contype = 'c' AND k.convalidated AND c.relkind = 'r' AND c.relpersistence <> 't' AND ${userRow('k', 'pg_constraint')}
  ORDER BY 1`;

/**
 * Which CHECKs the rows of a database don't pass, though the server takes them for valid: a function
 * that they call was replaced, renamed or dropped, so nobody can write these rows once more.
 */
export async function brokenChecks(
  shadow: ClientConfig,
  searchPath: string,
): Promise<readonly BrokenCheck[]> {
  return withRows(shadow, searchPath, [], async (client) => {
    const { rows } = await client.query<{ id: string; relation: string; expression: string }>(query);
    const broken: BrokenCheck[] = [];
    for (const { id, relation, expression } of rows) {
      await client.query('SAVEPOINT knex_squash_check');
      try {
        const { rows: violating } = await client.query(
          `SELECT FROM ONLY ${relation} WHERE NOT (${expression}) LIMIT 1`,
        );
        if (violating.length > 0) broken.push({ id, reason: 'a row violates it' });
      } catch (error) {
        broken.push({ id, reason: (error as Error).message });
        await client.query('ROLLBACK TO SAVEPOINT knex_squash_check');
      }
    }
    return broken;
  });
}
