import { commentStatement, publicSchemaComment } from '../aspects/comments.js';
import { type Grant, grantStatements, takenBack } from '../aspects/grants.js';
import { type Kind, type KindRow, notLedger, roleName, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';

interface Row extends KindRow {
  readonly name: string;
  readonly identity: string;
  readonly owner: number | null;
  /** Knex keeps its ledger here, and has made the schema before the baseline runs. */
  readonly ledger: boolean;
}

/** Schemas. `public` is there on every fresh database, so only what changed about it is carried. */
export const schema: Kind<Row> = {
  name: 'schema',
  catalog: 'pg_namespace',
  rank: 10,
  title: 'Schemas',
  noun: { comment: 'SCHEMA', owner: 'SCHEMA', grant: 'SCHEMA' },
  query: (scope) => `
    SELECT n.oid, n.nspname AS name, quote_ident(n.nspname) AS identity,
      CASE WHEN n.nspname = 'public' AND (${roleName('n.nspowner', scope)}) IN ('pg_database_owner', 'CURRENT_USER')
        AND n.oid < 16384 THEN NULL
        WHEN n.nspname = 'public' AND n.oid < 16384 AND n.nspowner = 10 THEN NULL ELSE n.nspowner END AS owner,
      n.nspname <> 'public' AND EXISTS (SELECT FROM pg_class l WHERE l.relnamespace = n.oid AND NOT (${notLedger('l.oid', scope)})) AS ledger
    FROM pg_namespace n
    WHERE (${userRow('n', 'pg_namespace')} OR n.nspname = 'public') AND n.nspname !~ '^pg_(temp|toast)'`,
  map: (row) => ({
    schema: null,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ ledger: row.ledger }),
  }),
  create: (object) =>
    object.name === 'public'
      ? []
      : [`CREATE SCHEMA ${object.attributes.ledger === true ? 'IF NOT EXISTS ' : ''}${object.identity}`],
  drop: (object) => {
    if (object.name === 'public') return publicAgain(object);
    return object.attributes.ledger === true ? null : `DROP SCHEMA ${object.identity}`;
  },
};

/** Nobody drops `public`: it becomes again what initdb makes of it. */
function publicAgain(object: CatalogObject): string | null {
  const { owner, comment, commentRemoved, grants = [] } = object.attributes;
  const statements = [
    ...grantStatements(takenBack(grants as unknown as readonly Grant[]), 'SCHEMA public'),
    ...(comment === undefined && commentRemoved === undefined
      ? []
      : [commentStatement('SCHEMA public', publicSchemaComment)]),
    ...(owner === undefined ? [] : [ownedByInitdb]),
  ];
  return statements.length === 0 ? null : statements.join(';\n');
}

/** Since 15 its owner is whoever owns the database, before it was the server's first role. */
const ownedByInitdb = `DO $owner$ BEGIN
  EXECUTE pg_catalog.format('ALTER SCHEMA public OWNER TO %I', (SELECT rolname FROM pg_catalog.pg_roles
    WHERE oid = CASE WHEN current_setting('server_version_num')::int >= 150000 THEN 'pg_database_owner'::regrole::oid ELSE 10 END));
END $owner$`;
