import type { Queryable } from './client.js';
import { quoteLiteral } from './sql.js';

/** Encoding and locale of a database, as CREATE DATABASE takes them (manual: "CREATE DATABASE"). */
export interface DatabaseLocale {
  readonly encoding: string;
  readonly collate: string;
  readonly ctype: string;
  /** Null before 15, where there is only libc. */
  readonly provider: 'libc' | 'icu' | 'builtin' | null;
  /** The locale of ICU or of the built-in provider. */
  readonly locale: string | null;
  readonly icuRules: string | null;
}

/** One row; by way of JSON, since the columns of pg_database differ from major to major. */
const currentLocale = `
SELECT pg_catalog.pg_encoding_to_char(encoding) AS encoding, datcollate AS "collate", datctype AS ctype,
  CASE j ->> 'datlocprovider' WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' END AS provider,
  coalesce(j ->> 'datlocale', j ->> 'daticulocale') AS locale, j ->> 'daticurules' AS "icuRules"
FROM pg_catalog.pg_database AS d, LATERAL pg_catalog.to_jsonb(d) AS j
WHERE datname = current_database()`;

/** Reads encoding and locale of the database that the session is connected to. */
export async function readLocale(client: Queryable): Promise<DatabaseLocale> {
  const { rows } = await client.query<DatabaseLocale>(currentLocale);
  const [row] = rows;
  if (row === undefined) throw new Error('the current database is not in pg_database');
  return row;
}

/** The clauses that give a new database this encoding and locale. */
export function createDatabaseClauses(like: DatabaseLocale): string[] {
  const clauses: [name: string, value: string | null][] = [
    ['ENCODING', like.encoding],
    ['LC_COLLATE', like.collate],
    ['LC_CTYPE', like.ctype],
    ['LOCALE_PROVIDER', like.provider],
    ['ICU_LOCALE', like.provider === 'icu' ? like.locale : null],
    ['BUILTIN_LOCALE', like.provider === 'builtin' ? like.locale : null],
    ['ICU_RULES', like.icuRules],
  ];
  return clauses.flatMap(([name, value]) => (value === null ? [] : [`${name} ${quoteLiteral(value)}`]));
}
