import { type Kind, type KindRow, type ReadScope, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { parameterList } from '../parameters.js';

/** Texts stand as string constants, since an empty locale is one too. */
interface Collation {
  readonly provider: string;
  /** Or `lcCollate` and `lcCtype`, where these differ. */
  readonly locale?: string;
  readonly lcCollate?: string;
  readonly lcCtype?: string;
  readonly rules?: string;
  readonly nondeterministic?: boolean;
}

interface Row extends KindRow, Collation {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
}

/** Collations. Their version is the machine's, so it isn't part of the schema. */
export const collation: Kind<Row> = {
  name: 'collation',
  catalog: 'pg_collation',
  rank: 26,
  title: 'Collations',
  noun: { comment: 'COLLATION', owner: 'COLLATION' },
  query: (scope) => `
    SELECT c.oid, n.nspname AS schema, c.collname AS name, format('%I.%I', n.nspname, c.collname) AS identity,
      c.collowner AS owner, CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END AS provider,
      quote_literal(coalesce(${locale(scope)}, CASE WHEN c.collcollate = c.collctype THEN c.collcollate END)) AS locale,
      CASE WHEN c.collcollate <> c.collctype THEN quote_literal(c.collcollate) END AS "lcCollate",
      CASE WHEN c.collcollate <> c.collctype THEN quote_literal(c.collctype) END AS "lcCtype",
      ${scope.version >= 160000 ? 'quote_literal(c.collicurules)' : 'NULL'} AS rules, NOT c.collisdeterministic AS nondeterministic
    FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
    WHERE ${userRow('c', 'pg_collation')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      provider: row.provider,
      locale: row.locale,
      lcCollate: row.lcCollate,
      lcCtype: row.lcCtype,
      rules: row.rules,
      nondeterministic: row.nondeterministic,
    }),
  }),
  create: (object) => {
    const values = object.attributes as unknown as Collation;
    const parameters = parameterList({
      PROVIDER: values.provider,
      DETERMINISTIC: values.nondeterministic === true ? 'false' : undefined,
      LOCALE: values.locale,
      LC_COLLATE: values.lcCollate,
      LC_CTYPE: values.lcCtype,
      RULES: values.rules,
    });
    return [`CREATE COLLATION ${object.identity} ${parameters}`];
  },
  drop: (object) => `DROP COLLATION ${object.identity}`,
};

/** Where a locale stands that isn't the C library's; before 15 it stood where that one's does. */
function locale({ version }: ReadScope): string {
  if (version >= 170000) return 'c.colllocale';
  return version >= 150000 ? 'c.colliculocale' : 'NULL';
}
