import { quoteQualified } from '../../database/sql.js';
import { type Address, address, type Kind, type KindRow, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import { typeList } from '../names.js';
import { numberNameless } from '../sql-body.js';

interface Routine {
  readonly definition: string;
  /** Left out where there are none. */
  readonly arguments?: string;
  readonly result?: string;
  readonly volatility?: string;
  readonly strict?: boolean;
  /** Its parsed body calls the function itself. */
  readonly recursive?: boolean;
}

interface Row extends KindRow, Routine {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
  readonly language: number;
  readonly types: readonly number[];
  /** What the defaults of its arguments call. */
  readonly in_defaults: readonly Address[] | null;
  /** Numbers of the arguments without a name that its body uses, where others have one. */
  readonly nameless: readonly number[] | null;
}

/** A procedure may differ from another by an OUT argument alone, so its identity says the modes. */
export const modedTypes = `(SELECT string_agg(CASE p.proargmodes[a.at] WHEN 'o' THEN 'OUT ' WHEN 'b' THEN 'INOUT ' WHEN 'v' THEN 'VARIADIC '
    ELSE 'IN ' END || format_type(a.type, NULL), ', ' ORDER BY a.at)
  FROM unnest(coalesce(p.proallargtypes, p.proargtypes::oid[])) WITH ORDINALITY a (type, at))`;

/** pg_depend doesn't tell what a default needs from what the body needs, but the parsed expressions do. */
const inDefaults = `(SELECT json_agg(DISTINCT CASE m[1] WHEN 'funcid' THEN '1255:' WHEN 'opno' THEN '2617:' ELSE '1247:' END || m[2])
  FROM regexp_matches(p.proargdefaults::text, ':(funcid|opno|\\w*type|\\w*typeid) (\\d+)', 'g') m
  WHERE m[2]::int8 >= 16384)`;

const nameless = `CASE WHEN '' = ANY (p.proargnames) THEN (SELECT json_agg(DISTINCT m[1]::int)
  FROM regexp_matches(p.prosqlbody::text, ':paramkind 0 :paramid (\\d+)', 'g') m WHERE p.proargnames[m[1]::int] = '') END`;

/** Functions and procedures share all but their noun. A range type's constructors come with the type. */
function routine(name: string, noun: string, rank: number, prokinds: string, types: string): Kind<Row> {
  return {
    name,
    catalog: 'pg_proc',
    rank,
    title: 'Functions and procedures',
    noun: { comment: noun, owner: noun, grant: noun },
    query: () => `
      SELECT p.oid, n.nspname AS schema, p.proname AS name, p.proowner AS owner,
        format('%I.%I(%s)', n.nspname, p.proname, ${types}) AS identity,
        pg_get_functiondef(p.oid) AS definition, pg_get_function_arguments(p.oid) AS arguments,
        pg_get_function_result(p.oid) AS result, p.proisstrict AS strict,
        CASE p.provolatile WHEN 'i' THEN 'IMMUTABLE' WHEN 's' THEN 'STABLE' END AS volatility,
        p.prolang AS language, to_json(p.proargtypes::oid[]::int8[] || coalesce(p.proallargtypes::int8[], '{}') || p.prorettype::int8) AS types,
        ${inDefaults} AS in_defaults, ${nameless} AS nameless,
        EXISTS (SELECT FROM pg_depend self WHERE self.classid = 1255 AND self.objid = p.oid
          AND self.refclassid = 1255 AND self.refobjid = p.oid) AS recursive
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE p.prokind IN (${prokinds}) AND ${userRow('p', 'pg_proc')}
        AND NOT EXISTS (SELECT FROM pg_depend made WHERE made.classid = 1255 AND made.objid = p.oid
          AND made.refclassid = 1247 AND made.deptype = 'i')`,
    map: (row) => ({
      schema: row.schema,
      name: row.name,
      identity: row.identity,
      attributes: attributes({
        definition: numberNameless(
          row.definition.replace(/^CREATE OR REPLACE /, 'CREATE ').trimEnd(),
          row.nameless ?? [],
          `${name} ${row.identity}`,
        ),
        arguments: row.arguments,
        result: row.result,
        volatility: row.volatility,
        strict: row.strict,
        recursive: row.recursive,
      }),
      shell: [
        address('pg_language', row.language),
        ...row.types.map((type) => address('pg_type', type)),
        ...(row.in_defaults ?? []),
      ],
    }),
    create: (object) =>
      read(object).recursive === true ? [stub(noun, object), replacement(object)] : [read(object).definition],
    split: (object) => ({ shell: [stub(noun, object)], rest: [replacement(object)] }),
    drop: (object) => `DROP ${noun} ${object.identity}`,
    deparsed: ['definition'],
    redefine: (object) => ({ statements: [replacement(object)] }),
  };
}

export const functionKind = routine('function', 'FUNCTION', 70, `'f', 'w'`, typeList('p.proargtypes::oid[]'));
export const procedure = routine('procedure', 'PROCEDURE', 72, `'p'`, modedTypes);

function read(object: CatalogObject): Routine {
  return object.attributes as unknown as Routine;
}

function replacement(object: CatalogObject): string {
  return read(object).definition.replace(/^CREATE /, 'CREATE OR REPLACE ');
}

/** The same signature with an empty body, which is never called before the real one replaces it. */
function stub(noun: string, object: CatalogObject): string {
  const { arguments: parameters = '', result, volatility, strict } = read(object);
  return [
    `CREATE ${noun} ${quoteQualified(object.schema ?? '', object.name)}(${parameters})`,
    ...(result === undefined ? [] : [`RETURNS ${result}`]),
    `LANGUAGE plpgsql${volatility === undefined ? '' : ` ${volatility}`}${strict === true ? ' STRICT' : ''}`,
    `AS $stub$BEGIN RAISE 'stub'; END$stub$`,
  ].join('\n');
}
