import { commentStatement } from '../catalog/aspects/comments.js';
import { type Grant, grantStatements, takenBack } from '../catalog/aspects/grants.js';
import { doBlock, quoteIdent, quoteLiteral, unquoteIdent } from '../database/sql.js';
import type { SurroundingsChange } from './change.js';
import type { Membership, Role, Setting } from './surroundings.js';

/** How a baseline gives a database the surroundings that its history gave it. */
export interface SurroundingsScript {
  /** Before anything else: objects are given to these roles. */
  readonly roles: readonly string[];
  readonly database: readonly string[];
  /** What takes back the part that belongs to the database; roles are dropped by nothing. */
  readonly databaseBack: readonly string[];
}

/** Roles are made where they are missing, and left alone where somebody made them already. */
export function surroundingsScript(change: SurroundingsChange): SurroundingsScript {
  const isMade = (role: string | undefined): boolean => role !== undefined && role in change.made;
  const ofRole = ({ role, inDatabase }: Setting): boolean => role !== undefined && inDatabase !== true;
  const ofDatabase = (setting: Setting): boolean => !ofRole(setting);
  const database = [
    ...change.reset.filter(ofDatabase).map(resetStatement),
    ...change.set.filter(ofDatabase).map(setStatement),
    ...traitStatements(change.database),
  ];
  return {
    roles: [
      ...Object.entries(change.made).map(([name, role]) => makingRole(name, role, change)),
      ...Object.entries(change.altered).flatMap(([name, { from, to }]) => alteringRole(name, from, to)),
      ...change.revoked.map(({ role, member }) => `REVOKE ${role} FROM ${member}`),
      ...change.granted.filter(({ role, member }) => !isMade(role) && !isMade(member)).map(grantStatement),
      ...change.reset.filter(ofRole).map(resetStatement),
      ...change.set.filter((setting) => ofRole(setting) && !isMade(setting.role)).map(setStatement),
    ],
    database,
    databaseBack: [
      ...traitsBack(change.database),
      ...change.set.filter(ofDatabase).map(resetStatement).reverse(),
    ],
  };
}

/** `CREATE ROLE app LOGIN`, for a role that the server lacks. */
export function createRole(name: string, role: Role): string {
  return ['CREATE ROLE', name, roleClauses(role)].join(' ').trimEnd();
}

/** A role with all that makes it one, in one block: where it exists, it is somebody else's to look after. */
function makingRole(name: string, role: Role, change: SurroundingsChange): string {
  // A membership of two new roles is granted with the second of them.
  const known = Object.keys(change.made).slice(0, Object.keys(change.made).indexOf(name) + 1);
  const isReady = (other: string): boolean => known.includes(other) || !(other in change.made);
  const statements = [
    createRole(name, role),
    ...(role.comment === undefined ? [] : [commentStatement(`ROLE ${name}`, role.comment)]),
    ...change.granted
      .filter(
        ({ role: group, member }) => [group, member].includes(name) && isReady(group) && isReady(member),
      )
      .map(grantStatement),
    ...change.set.filter((setting) => setting.role === name && setting.inDatabase !== true).map(setStatement),
  ];
  const remark = role.login === true ? `-- ${name} has no password yet: a baseline carries none.\n` : '';
  const block = `BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = ${quoteLiteral(unquoteIdent(name))}) THEN
${statements.map((statement) => `    ${statement};\n`).join('')}  END IF;
END`;
  return remark + doBlock(block, 'role');
}

const flags = [
  ['superuser', 'SUPERUSER'],
  ['createdb', 'CREATEDB'],
  ['createrole', 'CREATEROLE'],
  ['login', 'LOGIN'],
  ['replication', 'REPLICATION'],
  ['bypassrls', 'BYPASSRLS'],
] as const;

/** The attributes that differ from those of a new role. */
export function roleClauses(role: Role): string {
  return [
    ...flags.filter(([key]) => role[key] === true).map(([, word]) => word),
    ...(role.inherit === false ? ['NOINHERIT'] : []),
    ...(role.connectionLimit === undefined ? [] : [`CONNECTION LIMIT ${role.connectionLimit}`]),
    ...(role.validUntil === undefined ? [] : [`VALID UNTIL ${quoteLiteral(role.validUntil)}`]),
  ].join(' ');
}

/** Only what differs, since some attributes are for a superuser to give and to take. */
function alteringRole(name: string, from: Role, to: Role): readonly string[] {
  const changed = [
    ...flags
      .filter(([key]) => from[key] !== to[key])
      .map(([key, word]) => (to[key] === true ? word : `NO${word}`)),
    ...(from.inherit === to.inherit ? [] : [to.inherit === false ? 'NOINHERIT' : 'INHERIT']),
    ...(from.connectionLimit === to.connectionLimit ? [] : [`CONNECTION LIMIT ${to.connectionLimit ?? -1}`]),
    ...(from.validUntil === to.validUntil
      ? []
      : [`VALID UNTIL ${quoteLiteral(to.validUntil ?? 'infinity')}`]),
  ];
  return [
    ...(changed.length === 0 ? [] : [`ALTER ROLE ${name} ${changed.join(' ')}`]),
    ...(from.comment === to.comment ? [] : [commentStatement(`ROLE ${name}`, to.comment ?? null)]),
  ];
}

/** One membership as GRANT. */
export function grantStatement({ role, member, admin, inherit, set }: Membership): string {
  const options = [
    ...(admin === true ? ['ADMIN OPTION'] : []),
    ...(inherit === undefined ? [] : [`INHERIT ${inherit ? 'TRUE' : 'FALSE'}`]),
    ...(set === undefined ? [] : [`SET ${set ? 'TRUE' : 'FALSE'}`]),
  ];
  return `GRANT ${role} TO ${member}${options.length === 0 ? '' : ` WITH ${options.join(', ')}`}`;
}

/** Settings that are lists of names, which must not become one quoted string (GUC_LIST_QUOTE in guc_tables.c). */
const lists = [
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
];

function setStatement(setting: Setting): string {
  return altering(setting, setClause(setting.value));
}

/** `SET search_path TO 'app', 'public'`, of a setting as the server keeps it: `search_path=app, public`. */
export function setClause(setting: string): string {
  const at = setting.indexOf('=');
  const name = setting.slice(0, at);
  const value = setting.slice(at + 1);
  const list = lists.includes(name) ? listed(value) : [value];
  return `SET ${parameter(name)} TO ${list.map(quoteLiteral).join(', ')}`;
}

function resetStatement(setting: Setting): string {
  return altering(setting, `RESET ${parameter(setting.value.slice(0, setting.value.indexOf('=')))}`);
}

/** `search_path`, or `app.tenant` of an extension or the project's own. */
function parameter(name: string): string {
  return name
    .split('.')
    .map((part) => quoteIdent(part))
    .join('.');
}

/** `"$user", public` as its elements. */
function listed(value: string): readonly string[] {
  const elements = value.match(/"(?:[^"]|"")*"|[^\s,]+/g) ?? [];
  return elements.map((element) => unquoteIdent(element));
}

function altering({ role, inDatabase }: Setting, rest: string): string {
  if (inDatabase !== true) return `ALTER ROLE ${role} ${rest}`;
  return onDatabase((database) =>
    role === undefined
      ? `ALTER DATABASE ${database} ${rest}`
      : `ALTER ROLE ${role} IN DATABASE ${database} ${rest}`,
  );
}

/** A statement about the database that the baseline runs in, whatever its name there. */
function onDatabase(statement: (database: string) => string): string {
  const text = statement('\u0000').replaceAll('%', '%%').replace('\u0000', '%I');
  return doBlock(
    `BEGIN
  EXECUTE pg_catalog.format(${quoteLiteral(text)}, pg_catalog.current_database());
END`,
    'database',
  );
}

function traitStatements({
  owner,
  comment,
  connectionLimit,
  grants,
}: SurroundingsChange['database']): readonly string[] {
  return [
    ...(comment === undefined ? [] : [onDatabase((name) => commentStatement(`DATABASE ${name}`, comment))]),
    ...(connectionLimit === undefined
      ? []
      : [onDatabase((name) => `ALTER DATABASE ${name} CONNECTION LIMIT ${connectionLimit}`)]),
    ...grantsOnDatabase(grants ?? []),
    ...(owner === undefined ? [] : [onDatabase((name) => `ALTER DATABASE ${name} OWNER TO ${owner}`)]),
  ];
}

function traitsBack({
  owner,
  comment,
  connectionLimit,
  grants,
}: SurroundingsChange['database']): readonly string[] {
  return [
    ...(owner === undefined ? [] : [onDatabase((name) => `ALTER DATABASE ${name} OWNER TO CURRENT_USER`)]),
    ...grantsOnDatabase(takenBack(grants ?? [])),
    ...(connectionLimit === undefined
      ? []
      : [onDatabase((name) => `ALTER DATABASE ${name} CONNECTION LIMIT -1`)]),
    ...(comment === undefined ? [] : [onDatabase((name) => commentStatement(`DATABASE ${name}`, null))]),
  ];
}

function grantsOnDatabase(grants: readonly Grant[]): readonly string[] {
  return grants.flatMap((grant) =>
    grantStatements([grant], 'DATABASE \u0000').map((statement) =>
      statement.includes('\u0000') ? onDatabase((name) => statement.replace('\u0000', name)) : statement,
    ),
  );
}
