import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { qualifiedName } from '../names.js';

interface Mapping {
  readonly token: string;
  /** In the order in which they are asked. */
  readonly dictionaries: readonly string[];
}

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly parser: string;
  readonly mappings: readonly Mapping[] | null;
}

/** Text search configurations with the dictionaries of each type of token. */
export const textSearchConfiguration: Kind<Row> = {
  name: 'text search configuration',
  catalog: 'pg_ts_config',
  rank: 55,
  title: 'Text search',
  noun: { comment: 'TEXT SEARCH CONFIGURATION', owner: 'TEXT SEARCH CONFIGURATION' },
  query: () => `
    SELECT c.oid, n.nspname AS schema, c.cfgname AS name, format('%I.%I', n.nspname, c.cfgname) AS identity,
      c.cfgowner AS owner, ${qualifiedName('c.cfgparser', 'pg_ts_parser')} AS parser,
      (SELECT json_agg(json_build_object('token', quote_ident(k.alias), 'dictionaries', (
          SELECT json_agg(${qualifiedName('m.mapdict', 'pg_ts_dict')} ORDER BY m.mapseqno)
          FROM pg_ts_config_map m WHERE m.mapcfg = c.oid AND m.maptokentype = k.tokid)) ORDER BY k.tokid)
        FROM ts_token_type(c.cfgparser) k
        WHERE EXISTS (SELECT FROM pg_ts_config_map m WHERE m.mapcfg = c.oid AND m.maptokentype = k.tokid)) AS mappings
    FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
    WHERE ${userRow('c', 'pg_ts_config')}`,
  map: ({ schema, name, identity, parser, mappings }) => ({
    schema,
    name,
    identity,
    attributes: attributes({
      parser,
      mappings: (mappings ?? []).map(({ token, dictionaries }) => ({ token, dictionaries })),
    }),
  }),
  create: (object) => {
    const { parser, mappings = [] } = object.attributes as unknown as {
      parser: string;
      mappings?: readonly Mapping[];
    };
    return [
      `CREATE TEXT SEARCH CONFIGURATION ${object.identity} (PARSER = ${parser})`,
      ...[...tokensByDictionaries(mappings)].map(
        ([dictionaries, tokens]) =>
          `ALTER TEXT SEARCH CONFIGURATION ${object.identity}\n  ADD MAPPING FOR ${tokens.join(', ')}\n  WITH ${dictionaries}`,
      ),
    ];
  },
  drop: (object) => `DROP TEXT SEARCH CONFIGURATION ${object.identity}`,
};

function tokensByDictionaries(mappings: readonly Mapping[]): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { token, dictionaries } of mappings) {
    const key = dictionaries.join(', ');
    groups.set(key, [...(groups.get(key) ?? []), token]);
  }
  return groups;
}
