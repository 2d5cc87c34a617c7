import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { qualifiedName } from '../names.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly template: string;
  readonly options: string | null;
}

/** Text search dictionaries; the server keeps their options as SQL. */
export const textSearchDictionary: Kind<Row> = {
  name: 'text search dictionary',
  catalog: 'pg_ts_dict',
  rank: 54,
  title: 'Text search',
  noun: { comment: 'TEXT SEARCH DICTIONARY', owner: 'TEXT SEARCH DICTIONARY' },
  query: () => `
    SELECT d.oid, n.nspname AS schema, d.dictname AS name, format('%I.%I', n.nspname, d.dictname) AS identity,
      d.dictowner AS owner, ${qualifiedName('d.dicttemplate', 'pg_ts_template')} AS template, d.dictinitoption AS options
    FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
    WHERE ${userRow('d', 'pg_ts_dict')}`,
  map: ({ schema, name, identity, template, options }) => ({
    schema,
    name,
    identity,
    attributes: attributes({ template, options }),
  }),
  create: (object) => {
    const { template, options } = object.attributes;
    const lines = [`TEMPLATE = ${template}`, ...(options === undefined ? [] : [String(options)])];
    return [`CREATE TEXT SEARCH DICTIONARY ${object.identity} (\n  ${lines.join(',\n  ')}\n)`];
  },
  drop: (object) => `DROP TEXT SEARCH DICTIONARY ${object.identity}`,
};
