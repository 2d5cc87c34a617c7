import { userRow } from '../catalog/kind.js';
import { modedTypes } from '../catalog/kinds/function.js';
import { functionSignature } from '../catalog/names.js';
import { errorCode, type Queryable } from '../database/client.js';
import { doBlock, quoteIdent, quoteLiteral } from '../database/sql.js';
import type { Finding, Trials } from './result.js';

interface Tried {
  readonly object: string;
  readonly code?: string;
  readonly message?: string;
  /** Why it couldn't be tried. */
  readonly unchecked?: string;
}

interface Outcome extends Trials {
  readonly tried: readonly Tried[];
}

/**
 * Lets the server plan every view's query, and look at every function's body with plpgsql_check where
 * that is installed, else with its language's validator, as CREATE FUNCTION would. Everything stays
 * within the read-only transaction of the session: no statement of a function runs, except what the
 * planner evaluates ahead.
 *
 * @param client a session in a snapshot (`inSnapshot`); its settings are altered until the end of it.
 * @param searchPath the search_path of the application; the role's own where it is null.
 */
export async function tryViewsAndFunctions(
  client: Queryable,
  searchPath: readonly string[] | null,
): Promise<{ readonly trials: Trials; readonly findings: readonly Finding[] }> {
  const { tried, ...trials } = await tryAll(client, searchPath);
  const findings = tried.map(({ object, code, message, unchecked }): Finding => {
    if (unchecked !== undefined) return { check: 'unchecked', object, severity: 'note', message: unchecked };
    return {
      check: 'broken',
      object,
      severity: 'error',
      message: `it can't work any more: ${message} (${code})`,
    };
  });
  return { trials, findings };
}

async function tryAll(client: Queryable, searchPath: readonly string[] | null): Promise<Outcome> {
  const checker = await findChecker(client);
  const base =
    searchPath === null ? await defaultPath(client) : searchPath.map((each) => quoteIdent(each)).join(', ');
  await client.query('SAVEPOINT trials');
  try {
    await client.query(doBlock(loop(base, checker), 'trials'));
    const { rows } = await client.query<{ outcome: string }>(
      `SELECT current_setting('knex_squash.trials') AS outcome`,
    );
    return {
      ...JSON.parse(rows[0]?.outcome ?? ''),
      plpgsql: checker === null ? 'validator' : 'plpgsql_check',
    };
  } catch (error) {
    // 42704, 42501: there is no plpgsql here, or not for this role.
    if (!['42704', '42501'].includes(errorCode(error) ?? '')) throw error;
    const unchecked = `views and functions were not tried: ${(error as Error).message}`;
    return {
      views: 0,
      functions: 0,
      plpgsql: 'validator',
      tried: [{ object: 'language plpgsql', unchecked }],
    };
  } finally {
    await client.query('ROLLBACK TO SAVEPOINT trials').catch(() => {});
  }
}

/** The function of plpgsql_check, as SQL calls it. */
async function findChecker(client: Queryable): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT format('%I.%I', n.nspname, p.proname) AS name FROM pg_catalog.pg_proc p
       JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace
      WHERE p.proname = 'plpgsql_check_function_tb' AND p.proargtypes[0] = 'regprocedure'::regtype
        AND has_function_privilege(p.oid, 'EXECUTE') AND has_schema_privilege(n.oid, 'USAGE')
      ORDER BY p.pronargs DESC LIMIT 1`,
  );
  return rows[0]?.name ?? null;
}

/** The fence has emptied the path; the session's own is what the role and the database were given. */
async function defaultPath(client: Queryable): Promise<string> {
  await client.query('SAVEPOINT path; SET LOCAL search_path TO DEFAULT');
  const { rows } = await client.query<{ search_path: string }>('SHOW search_path');
  await client.query('ROLLBACK TO SAVEPOINT path');
  return rows[0]?.search_path ?? '';
}

/** `what`, `object`, `statement` or why there is none, the search_path that counts, and whether rows of complaints come back. */
const views = `
  SELECT 'view' AS what, CASE c.relkind WHEN 'v' THEN 'view ' ELSE 'materialized view ' END
      || format('%I.%I', n.nspname, c.relname) AS object,
    CASE c.relkind WHEN 'v' THEN format('EXPLAIN SELECT * FROM %I.%I', n.nspname, c.relname)
      ELSE 'EXPLAIN ' || pg_get_viewdef(c.oid) END AS statement,
    CASE WHEN NOT has_schema_privilege(n.oid, 'USAGE')
        OR c.relkind = 'v' AND NOT has_table_privilege(c.oid, 'SELECT')
        OR c.relkind = 'm' AND NOT pg_has_role(c.relowner, 'USAGE')
      THEN 'this role may not read it' END AS unchecked,
    NULL::text AS path, false AS complains
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind IN ('v', 'm') AND c.relpersistence <> 't' AND ${userRow('c', 'pg_class')}`;

function functions(checker: string | null): string {
  const path = `(SELECT substr(s, 13) FROM unnest(p.proconfig) s WHERE s LIKE 'search\\_path=%')`;
  const isTried = `l.lanname = 'plpgsql' AND ${checker === null ? 'false' : 'true'}
    AND (p.prorettype <> 'trigger'::regtype OR g.tgrelid IS NOT NULL)`;
  const check = `format('SELECT to_jsonb(array_agg(f.message || coalesce('' in line '' || f.lineno, ''''))) FROM ${checker?.replaceAll("'", "''")}(%s::regprocedure, %s::regclass) f WHERE f.level = ''error''', p.oid, coalesce(g.tgrelid, 0))`;
  return `
  SELECT 'function', CASE p.prokind WHEN 'p' THEN format('procedure %I.%I(%s)', n.nspname, p.proname, ${modedTypes})
      ELSE 'function ' || ${functionSignature('p.oid')} END,
    CASE WHEN ${isTried} THEN ${checker === null ? 'NULL' : check}
      ELSE format('SELECT %I.%I(%s)', vn.nspname, v.proname, p.oid) END,
    CASE WHEN NOT has_function_privilege(p.oid, 'EXECUTE') OR NOT has_language_privilege(l.oid, 'USAGE')
        OR NOT has_schema_privilege(n.oid, 'USAGE')
      THEN 'this role may not execute it' END,
    ${path}, ${isTried}
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
  JOIN pg_proc v ON v.oid = l.lanvalidator JOIN pg_namespace vn ON vn.oid = v.pronamespace
  LEFT JOIN (SELECT DISTINCT tgfoid, tgrelid FROM pg_trigger WHERE NOT tgisinternal) g
    ON g.tgfoid = p.oid AND ${checker === null ? 'false' : 'true'}
  WHERE p.prokind <> 'a' AND l.lanname NOT IN ('internal', 'c') AND p.prosqlbody IS NULL AND ${userRow('p', 'pg_proc')}`;
}

/** One round trip for all: each is tried in a subtransaction of its own. */
function loop(base: string, checker: string | null): string {
  return `DECLARE
  list jsonb;
  each record;
  complaints jsonb;
  tried jsonb := '[]';
BEGIN
  SELECT jsonb_agg(to_jsonb(t)) INTO list FROM (${views} UNION ALL ${functions(checker)} ORDER BY 2) t;
  PERFORM pg_catalog.set_config('row_security', 'on', true), pg_catalog.set_config('check_function_bodies', 'on', true);
  FOR each IN SELECT * FROM pg_catalog.jsonb_to_recordset(coalesce(list, '[]'))
    AS r (what text, object text, statement text, unchecked text, path text, complains boolean)
  LOOP
    IF each.unchecked IS NOT NULL THEN
      tried := tried || pg_catalog.jsonb_build_object('object', each.object, 'unchecked', each.unchecked);
      CONTINUE;
    END IF;
    BEGIN
      PERFORM pg_catalog.set_config('search_path', coalesce(each.path, ${quoteLiteral(base)}), true);
      IF each.complains THEN
        EXECUTE each.statement INTO complaints;
        IF complaints IS NOT NULL THEN
          tried := tried || pg_catalog.jsonb_build_object('object', each.object, 'code', 'plpgsql_check',
            'message', complaints ->> 0);
        END IF;
      ELSE
        EXECUTE each.statement;
      END IF;
    EXCEPTION WHEN OTHERS THEN
      tried := tried || pg_catalog.jsonb_build_object('object', each.object, 'code', SQLSTATE, 'message', SQLERRM);
    END;
  END LOOP;
  PERFORM pg_catalog.set_config('knex_squash.trials', pg_catalog.jsonb_build_object(
    'views', (SELECT count(*) FROM pg_catalog.jsonb_array_elements(list) e WHERE e ->> 'what' = 'view' AND e -> 'unchecked' = 'null'),
    'functions', (SELECT count(*) FROM pg_catalog.jsonb_array_elements(list) e WHERE e ->> 'what' = 'function' AND e -> 'unchecked' = 'null'),
    'tried', tried)::text, true);
END`;
}
