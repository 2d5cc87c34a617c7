import type { ClientConfig } from 'pg';
import { withClient } from '../../src/database/client.js';
import { quoteIdent } from '../../src/database/sql.js';
import { pgDump, psql, serverMajor, withDatabase } from './server.js';

/** The ledger's rows differ by nature; whatever a user hung on its tables isn't part of a baseline. */
const ledgerLeftOut = '--exclude-table=knex_migrations*';

let isTold = false;

/** A dump in its two halves. */
interface Dump {
  /** As it can be restored. */
  readonly ddl: string;
  /** As it can be compared. */
  readonly schema: string;
  /** INSERTs, setvals and REFRESHes, sorted: where a row lies depends on the updates that it has seen. */
  readonly contents: readonly string[];
}

/** A column that differs from one database to the next by nature. */
export interface Volatile {
  /** Id of its table or materialized view. */
  readonly table: string;
  readonly column: string;
}

/**
 * Lets pg_dump, which knows nothing of our reader, say whether two databases are equal. Where its
 * texts differ both are restored and dumped once more, since deparsing is no fixpoint. Rows are
 * compared without the columns that are `volatile`.
 */
export async function comparePgDumps(
  expected: ClientConfig,
  found: ClientConfig,
  volatile: readonly Volatile[] = [],
): Promise<void> {
  const [before, after] = await Promise.all([dump(expected), dump(found)]);
  if (before === null || after === null) return tellMissing(expected);
  if (before.schema !== after.schema) {
    expect(await secondGeneration(after)).toBe(await secondGeneration(before));
  }
  if (volatile.length === 0) expect(after.contents).toEqual(before.contents);
  else expect(await steadyContents(found, volatile)).toEqual(await steadyContents(expected, volatile));
}

/** What a copy holds from which those columns were dropped. */
async function steadyContents(database: ClientConfig, volatile: readonly Volatile[]): Promise<unknown> {
  return withDatabase(async (copy) => {
    await withClient(copy, async (client) => {
      for (const { table, column } of volatile) {
        const name = table.replace(/^table /, '');
        await client.query(`ALTER TABLE ${name} DROP COLUMN ${quoteIdent(column)} CASCADE`);
      }
    });
    return (await dump(copy))?.contents;
  }, database.database);
}

async function dump(database: ClientConfig): Promise<Dump | null> {
  const text = await pgDump(database, ['--inserts', ledgerLeftOut]);
  if (text === null) return null;
  const entries = text.split(entryStart);
  const isContents = (entry: string) =>
    /^--\n-- .*; Type: (TABLE DATA|SEQUENCE SET|MATERIALIZED VIEW DATA);/.test(entry);
  const ddl = entries.filter((entry) => !isContents(entry)).join('');
  return {
    ddl,
    schema: normal(ddl),
    contents: entries.filter(isContents).flatMap(statements).sort(),
  };
}

const entryStart = /^(?=--\n-- (?:Data for )?Name: )/m;

/** Of an entry without its heading, and without what pg_dump writes for an identity column that was dropped. */
function statements(entry: string): readonly string[] {
  return entry
    .replace(/^--\n.*\n--\n\n/, '')
    .replaceAll(' OVERRIDING SYSTEM VALUE VALUES ', ' VALUES ')
    .split(/;\n/);
}

/**
 * Orders that come from the order of creation, and mean nothing: in an ACL, among options, in an operator class.
 * A name in a GRANT may have line breaks and semicolons of its own.
 */
function normal(schema: string): string {
  return withWholeViews(schema)
    .replaceAll(/^SET SESSION AUTHORIZATION .*\n(GRANT .*\n)RESET SESSION .*\n/gm, 'GRANT by another: $1')
    .replaceAll(/(^GRANT (?:"[^"]*"|[^";])*;\n){2,}/gm, (grants) => sorted(grants, /(?<=;\n)(?=GRANT )/))
    .replaceAll(/(?<= WITH \()\w+='.*'(?=\) AS$)/gm, (options) => sorted(options, ', '))
    .replaceAll(/(^ {4}(OPERATOR|FUNCTION) \d+ .* ?[,;]\n){2,}/gm, (lines) =>
      sorted(lines.replaceAll(/ ?[,;]$/gm, ''), '\n'),
    );
}

/**
 * In a cycle of views pg_dump makes one of NULLs first and replaces it later, whichever it met first. Here such
 * views are whole, and then no order counts; a dump without them stays as it is.
 */
function withWholeViews(schema: string): string {
  const replaced = /^CREATE OR REPLACE VIEW ([\s\S]+?)((?: WITH \(.*\))? AS\n[\s\S]*?;\n)/m;
  const entries = schema.split(entryStart);
  const isReplacing = (entry: string): boolean => /^-- Name: .* _RETURN; Type: RULE;/m.test(entry);
  const rules = entries.filter(isReplacing).flatMap((entry) => {
    const found = replaced.exec(entry);
    return found === null ? [] : [{ name: found[1] ?? '', rest: found[2] ?? '' }];
  });
  if (rules.length === 0) return schema;
  const whole = (entry: string): string =>
    rules.reduce((text, { name, rest }) => {
      const at = text.indexOf(`CREATE VIEW ${name} AS\nSELECT\n    NULL::`);
      const end = text.indexOf(';\n', at) + 2;
      return at < 0 ? text : `${text.slice(0, at)}CREATE VIEW ${name}${rest}${text.slice(end)}`;
    }, entry);
  return inAnyOrder(entries.filter((entry) => !isReplacing(entry)).map(whole));
}

/** The entries in an order of their own, without the settings that stand where the next entry wants another. */
function inAnyOrder(entries: readonly string[]): string {
  return entries
    .map((entry) => entry.replaceAll(/^SET default_.*\n\n/gm, ''))
    .sort()
    .join('');
}

/** @param separator a pattern stands between two entries and takes nothing */
function sorted(list: string, separator: string | RegExp): string {
  return list
    .split(separator)
    .sort()
    .join(typeof separator === 'string' ? separator : '');
}

/**
 * The dump of a database that was restored from this dump. Of some cycles pg_dump makes a dump that can't be
 * restored, in an order by oids: then it is that dump's entries which count.
 */
async function secondGeneration({ ddl, schema }: Dump): Promise<string> {
  return withDatabase(async (scratch) => {
    const complaints = await psql(scratch, ddl);
    const generation = await dump(scratch);
    if (complaints) return `can't be restored:\n${inAnyOrder(schema.split(entryStart))}`;
    return generation?.schema ?? schema;
  });
}

async function tellMissing(database: ClientConfig): Promise<void> {
  if (isTold) return;
  isTold = true;
  console.warn(`no pg_dump ${await serverMajor(database)} or later is installed: the cases go without it`);
}
