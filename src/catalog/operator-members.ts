import { membersOf, type SystemCatalog, userRow } from './kind.js';
import { functionSignature, operatorSignature, qualifiedName } from './names.js';

/** An operator or function that an operator class or family gives to its access method, with its types. */
export interface Member {
  /** The strategy of an operator, the number of a support function. */
  readonly number: number;
  readonly left: string;
  readonly right: string;
  /** Signature of the operator or function. */
  readonly target: string;
  /** The family by which an ordering operator's results are sorted. */
  readonly sortFamily?: string;
}

export type MemberCatalog = 'pg_amop' | 'pg_amproc';

/** SQL for the keys and values of a Member in a json_build_object. */
export function memberJson(alias: string, catalog: MemberCatalog): string {
  return catalog === 'pg_amop'
    ? `'number', ${alias}.amopstrategy, 'left', format_type(${alias}.amoplefttype, NULL),
       'right', format_type(${alias}.amoprighttype, NULL), 'target', ${operatorSignature(`${alias}.amopopr`)},
       'sortFamily', ${qualifiedName(`${alias}.amopsortfamily`, 'pg_opfamily')}`
    : `'number', ${alias}.amprocnum, 'left', format_type(${alias}.amproclefttype, NULL),
       'right', format_type(${alias}.amprocrighttype, NULL), 'target', ${functionSignature(`${alias}.amproc::oid`)}`;
}

/** As CREATE OPERATOR CLASS and ALTER OPERATOR FAMILY list it: `OPERATOR 1 public.< (integer, integer)`. */
export function memberClause(member: Member, catalog: MemberCatalog): string {
  const { number, left, right, target, sortFamily } = member;
  if (catalog === 'pg_amproc') return `FUNCTION ${number} (${left}, ${right}) ${target}`;
  return `OPERATOR ${number} ${target}${sortFamily === undefined ? '' : ` FOR ORDER BY ${sortFamily}`}`;
}

/** A member that belongs to a user's operator class (pg_depend says so), as an SQL condition. */
function inOperatorClass(alias: string, catalog: MemberCatalog): string {
  return `EXISTS (SELECT FROM pg_depend md WHERE md.classid = '${catalog}'::regclass AND md.objid = ${alias}.oid
    AND md.refclassid = 'pg_opclass'::regclass AND md.refobjid >= 16384
    AND md.refobjid NOT IN (${membersAndArrays('pg_opclass')}))`;
}

/** The members of extensions, and the arrays of those that are types: these are no members themselves. */
function membersAndArrays(catalog: SystemCatalog): string {
  const members = membersOf(catalog);
  return catalog === 'pg_type'
    ? `${members} UNION ALL SELECT e.typarray FROM pg_type e WHERE e.typarray <> 0 AND e.oid IN (${members})`
    : members;
}

/**
 * SQL condition: a user added this member to a family, and no class of the user's owns it. An extension's members
 * bear no mark of their own: in its families, what is a user's own or is about a user's types is the user's.
 */
export function looseMember(alias: string, catalog: MemberCatalog): string {
  const [family, target, targetCatalog, left, right] =
    catalog === 'pg_amop'
      ? (['amopfamily', 'amopopr', 'pg_operator', 'amoplefttype', 'amoprighttype'] as const)
      : (['amprocfamily', 'amproc::oid', 'pg_proc', 'amproclefttype', 'amprocrighttype'] as const);
  const isUsers = (column: string, of: SystemCatalog): string =>
    `(${alias}.${column} >= 16384 AND ${alias}.${column} NOT IN (${membersAndArrays(of)}))`;
  return `${alias}.oid >= 16384 AND NOT ${inOperatorClass(alias, catalog)} AND (
    ${isUsers(family, 'pg_opfamily')} OR ${isUsers(target, targetCatalog)}
    OR ${isUsers(left, 'pg_type')} OR ${isUsers(right, 'pg_type')}
    OR ${alias}.${family} < 16384 AND ${alias}.${target} NOT IN (${membersOf(targetCatalog)}))`;
}

/** SQL condition: a member that some user's class or family has, so that it must be carried. */
export function usersMember(alias: string, catalog: MemberCatalog): string {
  return `${inOperatorClass(alias, catalog)} OR ${looseMember(alias, catalog)}`;
}

/** SQL condition: the family is a user's own, so that its own statement can contain the member. */
export function inUsersFamily(family: string): string {
  return `${family} IN (SELECT uf.oid FROM pg_opfamily uf WHERE ${userRow('uf', 'pg_opfamily')})`;
}
