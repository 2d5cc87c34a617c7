import { readFile } from 'node:fs/promises';
import type { Migration } from './migration.js';

/** A migration's source, read and not run. */
export interface MigrationText {
  readonly name: string;
  readonly text: string;
}

/** Something that a migration says, in one line. */
export interface Saying {
  readonly migration: string;
  readonly words: string;
}

/** What a history needs of a server, and does to it, as far as its text tells. */
export interface Prerequisites {
  /** Extensions that it makes whatever the server has. */
  readonly extensions: readonly { readonly name: string; readonly migration: string }[];
  /** Statements that reach beyond the database: to roles, other databases, the server's settings. */
  readonly onCluster: readonly Saying[];
  /** Roles that it makes by name. */
  readonly rolesMade: readonly string[];
  /** Migrations that make roles whose names their text doesn't show. */
  readonly makesUnnamedRoles: readonly string[];
  /** Subscriptions that would reach for their publisher. */
  readonly subscriptions: readonly Saying[];
}

/** The sources of migrations; of one without a file, the text of its function. */
export async function readTexts(migrations: readonly Migration[]): Promise<readonly MigrationText[]> {
  const ofFunction = async (migration: Migration) => String((await migration.load()).up);
  return Promise.all(
    migrations.map(async (migration) => {
      const { name, path } = migration;
      const ofFile = path === null ? ofFunction(migration) : readFile(path, 'utf8');
      return { name, text: await ofFile.catch(() => ofFunction(migration)) };
    }),
  );
}

/** A name, also within a JavaScript string that escapes its quotes. */
const literal = String.raw`(?:\\?"(?:[^"\\]|"")+\\?"|[a-z_][\w$]*)`;

/** Where JavaScript or format() puts a name in. */
const putIn = String.raw`(?:\$\{[^}]*\}|%[Is]|\?\??|['"\`]\s*\+)`;

const anyName = `(?:${literal}|${putIn})`;

const names = String.raw`${anyName}(?:\s*,\s*${anyName})*`;

/** A name with which a statement ends, or goes on by one of these words: `create user accounts table` is prose. */
const nameThen = (words: string): string =>
  String.raw`(?:${putIn}|${literal}(?=\s*(?:[,;'"\`$%\\)]|$)|\s+(?:${words})\b))`;

const aRole = nameThen(
  'WITH|SET|RESET|RENAME|IN|PASSWORD|ENCRYPTED|(?:NO)?(?:LOGIN|SUPERUSER|INHERIT|CREATEDB|CREATEROLE|REPLICATION|BYPASSRLS)|CONNECTION|VALID|ROLE|USER|ADMIN|SYSID|ADD|DROP',
);
const aDatabase = nameThen(
  'WITH|SET|RESET|RENAME|OWNER|TEMPLATE|ENCODING|CONNECTION|ALLOW_CONNECTIONS|IS_TEMPLATE|REFRESH',
);

const role = String.raw`(?:ROLE|USER|GROUP)\s+(?!MAPPING\b)`;
const ifExists = String.raw`(?:IF\s+EXISTS\s+)?`;

const pattern = (source: string): RegExp => new RegExp(source, 'gi');

const onCluster: readonly RegExp[] = [
  String.raw`\b(?:CREATE|ALTER)\s+${role}${aRole}`,
  String.raw`\bDROP\s+${role}${ifExists}${nameThen('CASCADE')}`,
  // Membership: privileges have an ON.
  String.raw`\bGRANT\s+${names}\s+TO\s+${nameThen('WITH|GRANTED')}`,
  String.raw`\bREVOKE\s+(?:\w+\s+OPTION\s+FOR\s+)?${names}\s+FROM\s+${nameThen('GRANTED|CASCADE')}`,
  String.raw`\b(?:CREATE|ALTER|DROP)\s+DATABASE\s+${ifExists}${aDatabase}`,
  String.raw`\b(?:CREATE|ALTER|DROP)\s+TABLESPACE\s+${ifExists}${nameThen('OWNER|LOCATION|SET|RESET|RENAME')}`,
  String.raw`\b(?:GRANT|REVOKE|COMMENT|LABEL)\b[^;\`]{0,200}?\bON\s+(?:DATABASE|TABLESPACE|ROLE|PARAMETER)\s+${anyName}`,
  String.raw`\bALTER\s+SYSTEM\s+(?:SET|RESET)\b`,
  String.raw`\b(?:DROP|REASSIGN)\s+OWNED\s+BY\s+${nameThen('TO|CASCADE')}`,
].map(pattern);

const roleMade = pattern(String.raw`\bCREATE\s+${role}(${aRole})`);
const extensionMade = pattern(String.raw`\bCREATE\s+EXTENSION\s+(?:IF\s+NOT\s+EXISTS\s+)?(${literal})`);
const subscriptionMade = pattern(String.raw`\bCREATE\s+SUBSCRIPTION\s+${anyName}[^;\`]*`);

/** Whoever asks what the server has, or catches its error, can do without. */
const isConditional = /\bpg_available_extensions\b|\bEXCEPTION\s+WHEN\b/i;

const isUnconnected = /\bconnect\s*=\s*'?(?:false|off|0)\b/i;

/** Reads texts for what concerns the server, before anything runs. It sees literal SQL only. */
export function readPrerequisites(texts: readonly MigrationText[]): Prerequisites {
  const sources = texts.map(({ name, text }) => ({ migration: name, text: withoutComments(text) }));
  const find = (what: RegExp): readonly (Saying & { readonly name: string })[] =>
    sources.flatMap(({ migration, text }) =>
      [...text.matchAll(what)].map(([words, name = '']) => ({
        migration,
        words: words.replaceAll(/\s+/g, ' ').trim(),
        name,
      })),
    );
  const roles = find(roleMade).map(({ migration, name }) => ({ migration, role: plainName(name) }));
  const conditional = new Set(
    sources.filter(({ text }) => isConditional.test(text)).map(({ migration }) => migration),
  );
  return {
    extensions: find(extensionMade)
      .filter(({ migration }) => !conditional.has(migration))
      .map(({ migration, name }) => ({ migration, name: plainName(name) ?? '' })),
    onCluster: onCluster.flatMap(find).map(({ migration, words }) => ({ migration, words })),
    rolesMade: unique(roles.map(({ role }) => role).filter((role) => role !== null)),
    makesUnnamedRoles: unique(roles.filter(({ role }) => role === null).map(({ migration }) => migration)),
    subscriptions: find(subscriptionMade)
      .filter(({ words }) => !isUnconnected.test(words))
      .map(({ migration, words }) => ({ migration, words: words.split(/\bCONNECTION\b/i)[0]?.trim() ?? '' })),
  };
}

/** Those of a server's roles that the texts mention and that the history doesn't make itself. */
export function mentionedRoles(
  roles: readonly string[],
  texts: readonly MigrationText[],
  { rolesMade, makesUnnamedRoles }: Pick<Prerequisites, 'rolesMade' | 'makesUnnamedRoles'>,
): readonly string[] {
  const sources = texts.filter(({ name }) => !makesUnnamedRoles.includes(name)).map(({ text }) => text);
  return roles.filter((role) => {
    const word = new RegExp(`(?<![\\w$])${role.replaceAll(/[^\w]/g, '\\$&')}(?![\\w$])`);
    return !rolesMade.includes(role) && sources.some((text) => word.test(text));
  });
}

/** Whole lines only: a `--` or `//` further on may well stand in a string. */
function withoutComments(text: string): string {
  return text
    .split('\n')
    .filter((line) => !/^\s*(?:\/\/|--|\/?\*)/.test(line))
    .join('\n');
}

/** A name as the server stores it, or null where JavaScript or format() puts one in. */
function plainName(name: string): string | null {
  const quoted = /^\\?"(.*?)\\?"$/s.exec(name)?.[1];
  if (quoted !== undefined) return quoted.replaceAll('""', '"');
  return /^[a-z_][\w$]*$/i.test(name) ? name.toLowerCase() : null;
}

function unique(list: readonly string[]): readonly string[] {
  return [...new Set(list)];
}
