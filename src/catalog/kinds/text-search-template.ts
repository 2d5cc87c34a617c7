import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { qualifiedName } from '../names.js';
import { parameterList } from '../parameters.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly init: string | null;
  readonly lexize: string;
}

/** Text search templates. */
export const textSearchTemplate: Kind<Row> = {
  name: 'text search template',
  catalog: 'pg_ts_template',
  rank: 53,
  title: 'Text search',
  noun: { comment: 'TEXT SEARCH TEMPLATE' },
  query: () => `
    SELECT t.oid, n.nspname AS schema, t.tmplname AS name, format('%I.%I', n.nspname, t.tmplname) AS identity,
      ${qualifiedName('t.tmplinit', 'pg_proc')} AS init, ${qualifiedName('t.tmpllexize', 'pg_proc')} AS lexize
    FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace
    WHERE ${userRow('t', 'pg_ts_template')}`,
  map: ({ schema, name, identity, init, lexize }) => ({
    schema,
    name,
    identity,
    attributes: attributes({ init, lexize }),
  }),
  create: (object) => {
    const { init, lexize } = object.attributes as { readonly [name: string]: string };
    return [
      `CREATE TEXT SEARCH TEMPLATE ${object.identity} ${parameterList({ INIT: init, LEXIZE: lexize })}`,
    ];
  },
  drop: (object) => `DROP TEXT SEARCH TEMPLATE ${object.identity}`,
};
