import { quoteLiteral } from '../../database/sql.js';
import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import { qualifiedName } from '../names.js';
import { parameterList } from '../parameters.js';

interface BaseType {
  /** It was only announced by `CREATE TYPE name`. */
  readonly shell?: boolean;
  readonly input?: string;
  readonly output?: string;
  readonly receive?: string;
  readonly send?: string;
  readonly typmodIn?: string;
  readonly typmodOut?: string;
  readonly analyze?: string;
  readonly subscript?: string;
  readonly length?: number;
  readonly byValue?: boolean;
  readonly alignment?: string;
  readonly storage?: string;
  readonly category?: string;
  readonly preferred?: boolean;
  /** As a string constant. */
  readonly default?: string;
  readonly element?: string;
  readonly delimiter?: string;
  readonly collatable?: boolean;
}

interface Row extends KindRow, BaseType {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
}

const procedure = (column: string): string => qualifiedName(`t.${column}`, 'pg_proc');

/** Base types, and shells that were never filled. A base type always cycles with its input and output functions. */
export const baseType: Kind<Row> = {
  name: 'base type',
  catalog: 'pg_type',
  rank: 36,
  // Only functions can name a type that is still a shell.
  shellServes: [70],
  title: 'Types',
  noun: { comment: 'TYPE', owner: 'TYPE', grant: 'TYPE' },
  query: () => `
    SELECT t.oid, n.nspname AS schema, t.typname AS name, format('%I.%I', n.nspname, t.typname) AS identity,
      t.typowner AS owner, NOT t.typisdefined AS shell, d.*
    FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    LEFT JOIN LATERAL (
      SELECT ${procedure('typinput')} AS input, ${procedure('typoutput')} AS output,
        ${procedure('typreceive')} AS receive, ${procedure('typsend')} AS send,
        ${procedure('typmodin')} AS "typmodIn", ${procedure('typmodout')} AS "typmodOut",
        ${procedure('typanalyze')} AS analyze,
        CASE WHEN t.typelem = 0 OR t.typsubscript <> 'pg_catalog.raw_array_subscript_handler'::regproc
          THEN ${procedure('typsubscript')} END AS subscript,
        CASE WHEN t.typlen >= 0 THEN t.typlen END AS length, t.typbyval AS "byValue",
        CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2' WHEN 'd' THEN 'double' END AS alignment,
        CASE t.typstorage WHEN 'e' THEN 'external' WHEN 'x' THEN 'extended' WHEN 'm' THEN 'main' END AS storage,
        nullif(t.typcategory, 'U') AS category, t.typispreferred AS preferred, quote_literal(t.typdefault) AS default,
        CASE WHEN t.typelem <> 0 THEN format_type(t.typelem, NULL) END AS element,
        nullif(t.typdelim, ',') AS delimiter, t.typcollation <> 0 AS collatable) d ON t.typisdefined
    WHERE (t.typtype = 'b' OR NOT t.typisdefined) AND NOT EXISTS (SELECT FROM pg_type e WHERE e.typarray = t.oid)
      AND ${userRow('t', 'pg_type')}`,
  map: ({ oid: _oid, owner: _owner, schema, name, identity, ...type }) => ({
    schema,
    name,
    identity,
    attributes: attributes({ ...type }),
    shell: [],
  }),
  create: (object) => [object.attributes.shell === true ? announcement(object) : definition(object)],
  split: (object) => ({ shell: [announcement(object)], rest: [definition(object)] }),
  drop: (object) => `DROP TYPE ${object.identity}`,
};

function announcement(object: CatalogObject): string {
  return `CREATE TYPE ${object.identity}`;
}

function definition(object: CatalogObject): string {
  const type = object.attributes as unknown as BaseType;
  const literal = (text: string | undefined) => (text === undefined ? undefined : quoteLiteral(text));
  const parameters = parameterList({
    INPUT: type.input,
    OUTPUT: type.output,
    RECEIVE: type.receive,
    SEND: type.send,
    TYPMOD_IN: type.typmodIn,
    TYPMOD_OUT: type.typmodOut,
    ANALYZE: type.analyze,
    SUBSCRIPT: type.subscript,
    INTERNALLENGTH: type.length === undefined ? 'VARIABLE' : String(type.length),
    PASSEDBYVALUE: type.byValue,
    ALIGNMENT: type.alignment,
    STORAGE: type.storage,
    CATEGORY: literal(type.category),
    PREFERRED: type.preferred === true ? 'true' : undefined,
    DEFAULT: type.default,
    ELEMENT: type.element,
    DELIMITER: literal(type.delimiter),
    COLLATABLE: type.collatable === true ? 'true' : undefined,
  });
  return `${announcement(object)} ${parameters}`;
}
