import type { Attributes, CatalogObject } from './model.js';

/** How pg_depend names an object, as one key: the oid of its system catalog times 2^32, plus the oid of its row there. */
export type Address = number;

/** Fixed oids of the system catalogs (src/include/catalog/pg_*.h): the classid of pg_depend. */
export const catalogOids = {
  pg_am: 2601,
  pg_amop: 2602,
  pg_amproc: 2603,
  pg_attrdef: 2604,
  pg_cast: 2605,
  pg_class: 1259,
  pg_collation: 3456,
  pg_constraint: 2606,
  pg_conversion: 2607,
  pg_default_acl: 826,
  pg_event_trigger: 3466,
  pg_extension: 3079,
  pg_foreign_data_wrapper: 2328,
  pg_foreign_server: 1417,
  pg_language: 2612,
  pg_largeobject: 2613,
  pg_namespace: 2615,
  pg_opclass: 2616,
  pg_operator: 2617,
  pg_opfamily: 2753,
  pg_policy: 3256,
  pg_proc: 1255,
  pg_publication: 6104,
  pg_publication_namespace: 6237,
  pg_publication_rel: 6106,
  pg_rewrite: 2618,
  pg_statistic_ext: 3381,
  pg_subscription: 6100,
  pg_transform: 3576,
  pg_trigger: 2620,
  pg_ts_config: 3602,
  pg_ts_dict: 3600,
  pg_ts_parser: 3601,
  pg_ts_template: 3764,
  pg_type: 1247,
  pg_user_mapping: 1418,
} as const;

export type SystemCatalog = keyof typeof catalogOids;

export function address(catalog: SystemCatalog, oid: number): Address {
  return addressIn(catalogOids[catalog], oid);
}

/** Oids have 32 bits, and those of system catalogs 14: together less than what a number holds exactly. */
const oidSpace = 2 ** 32;

export function addressIn(classid: number, oid: number): Address {
  return classid * oidSpace + oid;
}

/** The other way round. */
export function placeOf(address: Address): { readonly classid: number; readonly oid: number } {
  return { classid: Math.floor(address / oidSpace), oid: address % oidSpace };
}

/** An object that comes with another one, as COMMENT ON and GRANT ON call it. */
export type Part = readonly [Address, string];

/** What every kind's query gives: the object's oid, and its owner's where it has one. */
export interface KindRow {
  readonly oid: number;
  readonly owner?: number | null;
}

/** What a mapper makes of a row; the reader adds owner, grants, comments and resolved dependencies. */
export interface Found {
  readonly schema: string | null;
  readonly name: string;
  readonly identity: string;
  readonly attributes: Attributes;
  /** Dependencies that pg_depend lacks. */
  readonly requires?: readonly Address[];
  /** What the first step needs, for kinds that can be split. */
  readonly shell?: readonly Address[];
  readonly host?: Address;
  /** Other addresses that stand for this object (the class of a composite type). */
  readonly also?: readonly Address[];
  /** Objects that come with this one: the index of a constraint. */
  readonly parts?: readonly Part[];
  /** Names of its columns by attnum, for comments, labels and grants on them. */
  readonly columns?: Readonly<Record<number, string>>;
}

/** What a query may be narrowed by. */
export interface ReadScope {
  /** `server_version_num`: 150004, 180000. */
  readonly version: number;
  /** Oids of the ledger's own tables, which belong to the migration tool and not to the schema. */
  readonly ledger: readonly number[];
  /** Oid of the role that runs the migrations; it is written as CURRENT_USER wherever it appears. */
  readonly owner: number;
  /** Whether this role may read what is closed to others: connection strings. */
  readonly superuser: boolean;
}

/** A child that its host's statement contains: the text and the column it belongs to, if any. */
export interface Folded {
  readonly object: CatalogObject;
  readonly column: string | null;
  readonly text: string;
}

/** Statements that come after all planned ones, in the order of these phases. */
export type LatePhase = 'ownership' | 'security' | 'privileges' | 'contents';

export interface LateStatement {
  readonly phase: LatePhase;
  readonly sql: string;
}

/**
 * A kind is data: where it is read from, how a row becomes an object, and how an object becomes SQL.
 * A new kind is one file, one line in the registry and a folder of cases.
 */
export interface Kind<Row extends KindRow = KindRow> {
  readonly name: string;
  readonly catalog: SystemCatalog;
  /** Position among the sections of a baseline; lower comes first where dependencies allow it. */
  readonly rank: number;
  /** Where one of its objects goes that differs from the rest (a foreign key among the constraints). */
  readonly rankOf?: (object: CatalogObject) => number;
  /** Ranks of the kinds that can do with its shell; all, if it isn't said. */
  readonly shellServes?: readonly number[];
  /** The heading of its section. */
  readonly title: string;
  /** What COMMENT ON, ALTER … OWNER TO, GRANT … ON call it; null where the kind can't bear that aspect. */
  readonly noun: { readonly comment?: string; readonly owner?: string; readonly grant?: string };
  readonly query: (scope: ReadScope) => string;
  readonly map: (row: Row) => Found;
  /** The statements that make the object at once, without `;`. */
  readonly create: (object: CatalogObject, folded: readonly Folded[]) => readonly string[];
  /** How it is written inside its host's statement. */
  readonly fold?: (object: CatalogObject) => { readonly column: string | null; readonly text: string } | null;
  /** How it is made in two steps when it is part of a cycle: a shell that others can refer to, then the rest. */
  readonly split?: (object: CatalogObject, folded: readonly Folded[]) => SplitStatements | null;
  readonly late?: (object: CatalogObject) => readonly LateStatement[];
  /** The statement that removes it, or null where it goes with another object. */
  readonly drop: (object: CatalogObject) => string | null;
  /** How its comment's target is written where `<noun> <identity>` isn't it (`TRIGGER x ON t`). */
  readonly commentTarget?: (object: CatalogObject) => string;
  /** What GRANT … ON calls it where `<noun> <identity>` isn't it (an aggregate with ORDER BY). */
  readonly grantTarget?: (object: CatalogObject) => string;
  /** Attributes that hold deparsed expressions, which need not be a fixpoint (canonical.ts). */
  readonly deparsed?: readonly string[];
  /** How such an attribute is parsed again, verbatim, on a database that has an object of that id. */
  readonly redefine?: (object: CatalogObject) => Redefinition;
}

/** Statements that parse an object's texts again, and the object in which the result is found. */
export interface Redefinition {
  readonly statements: readonly string[];
  /** Id of that object, where it isn't the same: one in the probe schema. */
  readonly probe?: string;
}

/** The rank from which on objects come after rows, privileges and the contents of materialized views. */
export const afterContents = 890;

/** A schema that exists only while texts are parsed again, inside a transaction that is rolled back. */
export const probeSchema = 'knex_squash_probe';

export interface SplitStatements {
  readonly shell: readonly string[];
  readonly rest: readonly string[];
}

/** SQL for the oids of the rows of a system catalog that extensions brought; found by what they depend on, which is indexed. */
export function membersOf(catalog: SystemCatalog): string {
  return `SELECT m.objid FROM pg_catalog.pg_depend m
    WHERE m.refclassid = ${catalogOids.pg_extension} AND m.classid = ${catalogOids[catalog]} AND m.deptype = 'e'`;
}

/** `oid` is a user's own row: not made by initdb, no member of an extension nor a part of one. */
export function userRow(alias: string, catalog: SystemCatalog): string {
  return `${alias}.oid >= 16384 AND ${alias}.oid NOT IN (${membersOf(catalog)}) AND NOT ${partOfMember(alias, catalog)}`;
}

/** Columns that say of what relation a row is a part; PostgreSQL records no membership for such rows. */
const wholes: Partial<Record<SystemCatalog, string>> = {
  pg_attrdef: 'adrelid',
  pg_constraint: 'conrelid',
  pg_rewrite: 'ev_class',
  pg_statistic_ext: 'stxrelid',
  pg_trigger: 'tgrelid',
};

/** SQL condition: the row is a part of an extension's table or domain, so it is the extension's as well (as for pg_dump). */
export function partOfMember(alias: string, catalog: SystemCatalog): string {
  const isMember = (oid: string, of: SystemCatalog): string => `${oid} IN (${membersOf(of)})`;
  if (catalog === 'pg_class') {
    return `${alias}.oid IN (SELECT mi.indexrelid FROM pg_catalog.pg_index mi WHERE ${isMember('mi.indrelid', 'pg_class')})`;
  }
  const whole = wholes[catalog];
  if (whole === undefined) return 'false';
  const ofTable = isMember(`${alias}.${whole}`, 'pg_class');
  return catalog === 'pg_constraint'
    ? `(${ofTable} OR ${isMember(`${alias}.contypid`, 'pg_type')})`
    : ofTable;
}

/** `oid` is none of the ledger's tables. */
export function notLedger(expression: string, scope: ReadScope): string {
  return scope.ledger.length === 0 ? 'true' : `${expression} NOT IN (${scope.ledger.join(', ')})`;
}

/** SQL for a role's name as statements write it; the migrating role is CURRENT_USER, 0 is PUBLIC. */
export function roleName(expression: string, scope: ReadScope): string {
  return `CASE ${expression} WHEN 0 THEN 'PUBLIC' WHEN ${scope.owner} THEN 'CURRENT_USER'
    ELSE (SELECT quote_ident(r.rolname) FROM pg_catalog.pg_roles r WHERE r.oid = ${expression}) END`;
}
