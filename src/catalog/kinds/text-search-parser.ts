import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { qualifiedName } from '../names.js';
import { parameterList } from '../parameters.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly start: string;
  readonly token: string;
  readonly end: string;
  readonly types: string;
  readonly headline: string | null;
}

/** Text search parsers. */
export const textSearchParser: Kind<Row> = {
  name: 'text search parser',
  catalog: 'pg_ts_parser',
  rank: 52,
  title: 'Text search',
  noun: { comment: 'TEXT SEARCH PARSER' },
  query: () => `
    SELECT p.oid, n.nspname AS schema, p.prsname AS name, format('%I.%I', n.nspname, p.prsname) AS identity,
      ${qualifiedName('p.prsstart', 'pg_proc')} AS start, ${qualifiedName('p.prstoken', 'pg_proc')} AS token,
      ${qualifiedName('p.prsend', 'pg_proc')} AS "end", ${qualifiedName('p.prslextype', 'pg_proc')} AS types,
      ${qualifiedName('p.prsheadline', 'pg_proc')} AS headline
    FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace
    WHERE ${userRow('p', 'pg_ts_parser')}`,
  map: ({ schema, name, identity, start, token, end, types, headline }) => ({
    schema,
    name,
    identity,
    attributes: attributes({ start, token, end, types, headline }),
  }),
  create: (object) => {
    const { start, token, end, types, headline } = object.attributes as { readonly [name: string]: string };
    const parameters = parameterList({
      START: start,
      GETTOKEN: token,
      END: end,
      LEXTYPES: types,
      HEADLINE: headline,
    });
    return [`CREATE TEXT SEARCH PARSER ${object.identity} ${parameters}`];
  },
  drop: (object) => `DROP TEXT SEARCH PARSER ${object.identity}`,
};
