import { quoteLiteral } from '../../database/sql.js';
import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { qualifiedName } from '../names.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly from: string;
  readonly to: string;
  readonly function: string;
  readonly default: boolean;
}

/** Conversions between encodings. */
export const conversion: Kind<Row> = {
  name: 'conversion',
  catalog: 'pg_conversion',
  rank: 28,
  title: 'Conversions',
  noun: { comment: 'CONVERSION', owner: 'CONVERSION' },
  query: () => `
    SELECT c.oid, n.nspname AS schema, c.conname AS name, format('%I.%I', n.nspname, c.conname) AS identity,
      c.conowner AS owner, pg_encoding_to_char(c.conforencoding) AS "from", pg_encoding_to_char(c.contoencoding) AS "to",
      ${qualifiedName('c.conproc', 'pg_proc')} AS function, c.condefault AS default
    FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace
    WHERE ${userRow('c', 'pg_conversion')}`,
  map: (row) => ({
    schema: row.schema,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ from: row.from, to: row.to, function: row.function, default: row.default }),
  }),
  create: (object) => {
    const { from, to, function: body, default: isDefault } = object.attributes;
    const head = `CREATE ${isDefault === true ? 'DEFAULT ' : ''}CONVERSION ${object.identity}`;
    return [`${head}\n  FOR ${quoteLiteral(String(from))} TO ${quoteLiteral(String(to))} FROM ${body}`];
  },
  drop: (object) => `DROP CONVERSION ${object.identity}`,
};
