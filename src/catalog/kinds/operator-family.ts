import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';

interface Row extends KindRow {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
}

/** Operator families, followed by the members that no operator class of theirs owns. */
export const operatorFamily: Kind<Row> = {
  name: 'operator family',
  catalog: 'pg_opfamily',
  rank: 44,
  title: 'Operator classes and families',
  noun: { comment: 'OPERATOR FAMILY', owner: 'OPERATOR FAMILY' },
  query: () => `
    SELECT f.oid, n.nspname AS schema, f.opfname AS name, format('%I.%I USING %I', n.nspname, f.opfname, m.amname) AS identity,
      f.opfowner AS owner
    FROM pg_opfamily f JOIN pg_namespace n ON n.oid = f.opfnamespace JOIN pg_am m ON m.oid = f.opfmethod
    WHERE ${userRow('f', 'pg_opfamily')}`,
  map: ({ schema, name, identity }) => ({ schema, name, identity, attributes: attributes({}) }),
  create: (object, folded) => {
    const members = folded.map((child) => child.text).join(',\n  ');
    return [
      `CREATE OPERATOR FAMILY ${object.identity}`,
      ...(folded.length === 0 ? [] : [`ALTER OPERATOR FAMILY ${object.identity} ADD\n  ${members}`]),
    ];
  },
  drop: (object) => `DROP OPERATOR FAMILY ${object.identity}`,
};
