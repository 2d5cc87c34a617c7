import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withClient } from '../src/database/client.js';
import { serverMajor, testServer } from './support/server.js';

/**
 * Every column of every system catalog of the supported majors, by table: `carried: by what`,
 * `derived: from what` or `ignored: why`. A range of majors stands first where not all have it.
 */
const classified: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(
  readFileSync(join(process.cwd(), 'test/system-catalogs.json'), 'utf8'),
);

const form = /^(?:(?<first>\d+)(?:-(?<last>\d+))? )?(?:carried|derived|ignored): \S.*$/;

const entries = Object.entries(classified).flatMap(([table, columns]) =>
  Object.entries(columns).map(([column, ruling]) => ({ column: `${table}.${column}`, ruling })),
);

test('each is carried, derived or ignored, with a reason', () => {
  expect(entries.filter(({ ruling }) => !form.test(ruling))).toEqual([]);
});

test('no column of the connected server is unclassified, and none has vanished', async () => {
  const server = testServer();
  const major = await serverMajor(server);
  const { rows } = await withClient(server, (client) =>
    client.query<{ column: string }>(
      `SELECT c.relname || '.' || a.attname AS column FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
       WHERE c.relnamespace = 'pg_catalog'::regnamespace AND c.relkind = 'r' AND a.attnum > 0 AND NOT a.attisdropped`,
    ),
  );
  const found = rows.map(({ column }) => column).sort();
  const expected = entries.filter(({ ruling }) => existsIn(major, ruling)).map(({ column }) => column);
  expect(found).toEqual(expected.sort());
});

function existsIn(major: number, ruling: string): boolean {
  const { first, last = first } = form.exec(ruling)?.groups ?? {};
  return first === undefined || (Number(first) <= major && major <= Number(last));
}
