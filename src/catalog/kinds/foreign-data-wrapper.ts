import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { qualifiedName } from '../names.js';
import { optionsClause } from '../options.js';
import { plainOptions } from '../secrets.js';

interface Wrapper {
  readonly handler?: string;
  readonly validator?: string;
  readonly options?: readonly string[];
}

interface Row extends KindRow, Wrapper {
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
}

/** Foreign data wrappers that no extension brings. */
export const foreignDataWrapper: Kind<Row> = {
  name: 'foreign data wrapper',
  catalog: 'pg_foreign_data_wrapper',
  rank: 52,
  title: 'Foreign servers',
  noun: { comment: 'FOREIGN DATA WRAPPER', owner: 'FOREIGN DATA WRAPPER', grant: 'FOREIGN DATA WRAPPER' },
  query: () => `
    SELECT w.oid, w.fdwname AS name, quote_ident(w.fdwname) AS identity, w.fdwowner AS owner,
      ${qualifiedName('w.fdwhandler', 'pg_proc')} AS handler, ${qualifiedName('w.fdwvalidator', 'pg_proc')} AS validator,
      ${plainOptions('w.fdwoptions')} AS options
    FROM pg_foreign_data_wrapper w
    WHERE ${userRow('w', 'pg_foreign_data_wrapper')}`,
  map: (row) => ({
    schema: null,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ handler: row.handler, validator: row.validator, options: row.options }),
  }),
  create: (object) => {
    const { handler, validator, options } = object.attributes as Wrapper;
    return [
      [
        `CREATE FOREIGN DATA WRAPPER ${object.identity}`,
        ...(handler === undefined ? [] : [`HANDLER ${handler}`]),
        ...(validator === undefined ? [] : [`VALIDATOR ${validator}`]),
        ...optionsClause(options),
      ].join('\n  '),
    ];
  },
  drop: (object) => `DROP FOREIGN DATA WRAPPER ${object.identity}`,
};
