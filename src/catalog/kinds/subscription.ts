import { quoteLiteral } from '../../database/sql.js';
import { type Kind, type KindRow, type ReadScope, userRow } from '../kind.js';
import { attributes, type CatalogObject, type Value } from '../model.js';
import { isSecretConnection } from '../secrets.js';

interface Subscription {
  /** Left out where it holds a password, or this role may not read it. */
  readonly connection?: string;
  readonly publications: readonly string[];
  readonly slot?: string;
  readonly enabled?: boolean;
  /** Parameters that differ from CREATE SUBSCRIPTION's defaults, by their names. */
  readonly parameters?: { readonly [name: string]: string };
}

interface Row extends KindRow, Subscription {
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
}

/** Each parameter: the first major that has it, its value as text, its default. */
const parameters: readonly (readonly [name: string, since: number, value: string, usual: string])[] = [
  ['binary', 14, 's.subbinary::text', 'false'],
  ['synchronous_commit', 14, 's.subsynccommit', 'off'],
  ['two_phase', 15, `CASE s.subtwophasestate WHEN 'd' THEN 'false' ELSE 'true' END`, 'false'],
  ['disable_on_error', 15, 's.subdisableonerr::text', 'false'],
  ['password_required', 16, 's.subpasswordrequired::text', 'true'],
  ['run_as_owner', 16, 's.subrunasowner::text', 'false'],
  ['origin', 16, 's.suborigin', 'any'],
  ['failover', 17, 's.subfailover::text', 'false'],
];

const streaming = ({ version }: ReadScope): readonly [string, string, string] =>
  version < 160000
    ? ['streaming', 's.substream::text', 'false']
    : [
        'streaming',
        `CASE s.substream::text WHEN 'p' THEN 'parallel' WHEN 't' THEN 'on' ELSE 'off' END`,
        version < 180000 ? 'off' : 'parallel',
      ];

function parametersJson(scope: ReadScope): string {
  const known = parameters
    .filter(([, since]) => scope.version >= since * 10000)
    .map(([name, , value, usual]) => [name, value, usual] as const);
  const pairs = [...known, streaming(scope)].map(
    ([name, value, usual]) => `'${name}', CASE WHEN ${value} <> '${usual}' THEN ${value} END`,
  );
  return `json_strip_nulls(json_build_object(${pairs.join(', ')}))`;
}

/**
 * Subscriptions: made without reaching for the publisher and left disabled, whatever the history did.
 * The connection string is closed to ordinary roles, and none with a password is ever read.
 */
export const subscription: Kind<Row> = {
  name: 'subscription',
  catalog: 'pg_subscription',
  rank: 255,
  title: 'Subscriptions',
  noun: { comment: 'SUBSCRIPTION', owner: 'SUBSCRIPTION' },
  query: (scope) => `
    SELECT s.oid, s.subname AS name, quote_ident(s.subname) AS identity, s.subowner AS owner,
      ${scope.superuser ? `CASE WHEN NOT ${isSecretConnection('s.subconninfo')} THEN s.subconninfo END` : 'NULL'} AS connection,
      to_json(s.subpublications) AS publications, s.subslotname AS slot, s.subenabled AS enabled,
      ${parametersJson(scope)} AS parameters
    FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid AND d.datname = current_database()
    WHERE ${userRow('s', 'pg_subscription')}`,
  map: (row) => ({
    schema: null,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      connection: row.connection,
      publications: row.publications,
      slot: row.slot,
      enabled: row.enabled,
      parameters: Object.keys(row.parameters ?? {}).length === 0 ? null : (row.parameters as Value),
    }),
  }),
  create: (object) => {
    const { connection = '', publications, slot, parameters: given } = read(object);
    const options = [
      'connect = false',
      ...(slot === undefined
        ? ['slot_name = NONE']
        : slot === object.name
          ? []
          : [`slot_name = ${quoteLiteral(slot)}`]),
      ...Object.entries(given ?? {}).map(([name, value]) => `${name} = ${quoteLiteral(value)}`),
    ];
    return [
      `CREATE SUBSCRIPTION ${object.identity}
  CONNECTION ${quoteLiteral(connection)}
  PUBLICATION ${publications.map((name) => `"${name.replaceAll('"', '""')}"`).join(', ')}
  WITH (${options.join(', ')})`,
    ];
  },
  drop: (object) => {
    const drop = `DROP SUBSCRIPTION ${object.identity}`;
    // With a slot it would reach for the publisher, which no transaction may.
    return read(object).slot === undefined
      ? drop
      : `ALTER SUBSCRIPTION ${object.identity} SET (slot_name = NONE);\n${drop}`;
  },
};

function read(object: CatalogObject): Subscription {
  return object.attributes as unknown as Subscription;
}
