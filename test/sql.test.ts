import fc from 'fast-check';
import { onDatabase, withClient } from '../src/database/client.js';
import { quoteIdent, quoteLiteral, quoteQualified } from '../src/database/sql.js';
import { pgDump, testServer, withDatabase } from './support/server.js';

/** What people who mean harm, or nothing at all, call a table. */
const hostileNames = [
  ...[
    '"',
    "'",
    '";--',
    "';--",
    '\\',
    "\\'",
    '-f',
    'host=evil',
    '?',
    '$1',
    '\u0024{x}',
    '`',
    ':a',
    '%s',
    '%I',
  ],
  ...[
    '',
    ' ',
    'a b',
    'A',
    'ä',
    'a\u0301',
    '数',
    '😀',
    '1a',
    'a1',
    '_',
    '$a',
    'a$',
    'a.b',
    'a\nb',
    '\r',
    '\t',
    '\u2028',
  ],
  ...['pg_catalog', 'public', 'true', 'NULL', 'null', 'Select', 'select', 'json', 'E', '--', '/*', '*/', ';'],
];

const anyName = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.stringMatching(/^[a-z_][a-z0-9_$]{0,20}$/),
  fc.array(fc.constantFrom(...hostileNames), { maxLength: 4 }).map((parts) => parts.join('')),
);

function randomNames(count: number): string[] {
  return fc.sample(anyName, count).filter((name) => !name.includes('\0') && !/\p{Surrogate}/u.test(name));
}

const majorOf = "SELECT current_setting('server_version_num')::integer / 10000 AS major";

test('quotes names and texts as the server does: every keyword, and thousands of hostile names', async () => {
  await withClient(testServer(), async (client) => {
    const { major } = (await client.query<{ major: number }>(majorOf)).rows[0] ?? { major: 0 };
    const keywords = (await client.query<{ word: string }>('SELECT word FROM pg_get_keywords()')).rows;
    const names = [...keywords.map((row) => row.word), ...hostileNames, ...randomNames(4_000)];
    const { rows } = await client.query<{ name: string; ident: string; literal: string; qualified: string }>(
      `SELECT name, quote_ident(name) AS ident, quote_literal(name) AS literal, format('%I.%I', name, name) AS qualified
       FROM unnest($1::text[]) WITH ORDINALITY AS u (name, place) ORDER BY place`,
      [names],
    );
    expect(keywords.length).toBeGreaterThan(400);
    expect(rows.length).toBeGreaterThan(4_000);
    const ours = names.map((name) => ({
      name,
      ident: quoteIdent(name, major),
      literal: quoteLiteral(name),
      qualified: quoteQualified(name, name, major),
    }));
    expect(ours).toEqual(rows);
  });
});

test('without a major it quotes what any supported server quotes', () => {
  const majors = [14, 15, 16, 17, 18];
  for (const word of ['json', 'system_user', 'json_array', 'select', 'merge_action', 'plain']) {
    const quotedSomewhere = majors.some((major) => quoteIdent(word, major) !== word);
    expect(quoteIdent(word) !== word).toBe(quotedSomewhere);
  }
  expect([15, 16, 17].map((major) => quoteIdent('json', major))).toEqual(['json', 'json', '"json"']);
  expect([15, 16, 17].map((major) => quoteIdent('system_user', major))).toEqual([
    'system_user',
    '"system_user"',
    '"system_user"',
  ]);
});

test.each(['on', 'off'])(
  'literals read back unchanged with standard_conforming_strings %s',
  async (setting) => {
    const texts = [...hostileNames, ...randomNames(1_000)];
    await withClient(testServer(), async (client) => {
      await client.query(`SET standard_conforming_strings = ${setting}; SET escape_string_warning = off`);
      const list = texts.map((text) => `(${quoteLiteral(text)}::text)`).join(', ');
      const { rows } = await client.query<{ text: string }>(
        `SELECT column1 AS text FROM (VALUES ${list}) AS v`,
      );
      expect(rows.map((row) => row.text)).toEqual(texts);
    });
  },
);

test('names are inert: what is created is called just that', async () => {
  // PostgreSQL cuts names at 63 bytes, and takes no empty one.
  const names = [...new Set([...hostileNames, ...randomNames(300)])].filter(
    (name) => name !== '' && Buffer.byteLength(name) <= 63,
  );
  await withDatabase((config) =>
    withClient(config, async (client) => {
      await client.query('CREATE SCHEMA inert');
      for (const name of names) {
        await client.query(`CREATE TABLE ${quoteQualified('inert', name)} (${quoteIdent(name)} integer)`);
      }
      const { rows } = await client.query<{ table: string; column: string }>(
        `SELECT relname AS table, attname AS column FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid
         WHERE relnamespace = 'inert'::regnamespace AND relkind = 'r' AND attnum > 0`,
      );
      expect(rows.map((row) => row.table).sort()).toEqual([...names].sort());
      expect(rows.every((row) => row.table === row.column)).toBe(true);
    }),
  );
});

test.each(['"; --', "a' b", 'host=evil', '-f', '\\ $1 ? `', '数 😀'])(
  'databases and roles are called just what they are called: %p',
  async (name) => {
    const server = testServer();
    await withClient(server, async (client) => {
      await client.query(`CREATE ROLE ${quoteIdent(name)} LOGIN PASSWORD ${quoteLiteral(name)}`);
      try {
        await client.query(`CREATE DATABASE ${quoteIdent(name)} TEMPLATE template0`);
        const config = { ...onDatabase(server, name), user: name, password: name };
        const { rows } = await withClient(config, (session) =>
          session.query('SELECT current_database() AS database, current_user AS role'),
        );
        expect(rows).toEqual([{ database: name, role: name }]);
        expect(await pgDump({ ...server, database: name }, ['--schema-only'])).not.toBe('');
      } finally {
        await client.query(`DROP DATABASE IF EXISTS ${quoteIdent(name)}`);
        await client.query(`DROP ROLE ${quoteIdent(name)}`);
      }
    });
  },
);

test('refuses a NUL, which would cut the statement short on the wire', () => {
  expect(() => quoteIdent('a\0b')).toThrow(/NUL/);
  expect(() => quoteLiteral('a\0b')).toThrow(/NUL/);
});
