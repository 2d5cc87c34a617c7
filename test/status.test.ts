import type { ClientConfig } from 'pg';
import { withClient } from '../src/database/client.js';
import { up } from '../src/migrate.js';
import { runCli } from './support/cli.js';
import { type Bed, later, lendBed, names } from './support/squashed.js';

let bed: Bed;
let release: () => Promise<void>;

beforeAll(async () => {
  [bed, release] = await lendBed({ more: later });
});

afterAll(() => release());

const query = (sql: string) => (database: ClientConfig) =>
  withClient(database, (client) => client.query(sql));

const nothing = async () => {};
const goUp = async (database: ClientConfig) => up(await bed.settings(database));

test.each<
  [string, readonly string[], (database: ClientConfig) => Promise<unknown>, number, readonly RegExp[]]
>([
  ['fresh', [], nothing, 2, [/fresh/, /pending/, /next: npx knex-squash up/]],
  [
    'full',
    names,
    nothing,
    2,
    [/4_titles\.cjs +│ 4/, /: full, baseline [0-9a-f]{12}/, /next: npx knex-squash up/],
  ],
  [
    'partial',
    names.slice(0, 3),
    nothing,
    2,
    [/partial \(3 of 4\)/, /lacks 4_titles/, /next: npx knex-squash up/],
  ],
  ['adopted', names, goUp, 0, [/: adopted/, /5_shelves\.cjs +│ \d/, /next: nothing to do/]],
  [
    'drifted',
    names,
    query('DROP VIEW titles'),
    2,
    [/: drifted/, /view public\.titles: missing/, /next: .*--accept-drift/],
  ],
  [
    'ghosts',
    names,
    query(`INSERT INTO knex_migrations (name, batch) VALUES ('9_ghost.cjs', 9)`),
    2,
    [/: ghosts/, /nobody knows 9_ghost\.cjs/, /next: get the branch/],
  ],
  [
    'foreign',
    names,
    query('DROP TABLE knex_migrations, knex_migrations_lock'),
    2,
    [/: foreign/, /next: check --url/],
  ],
])(
  '%s: a table, the next command, and the exit code that was asked for',
  async (_, ran, change, code, said) => {
    await bed.at(ran, async (database) => {
      await change(database);
      const at = { root: bed.root, database };
      const found = await runCli(['status', '--exit-code'], at);
      expect(found.code).toBe(code);
      for (const text of said) expect(found.stdout).toMatch(text);
      const json = await runCli(['status', '--json'], at);
      expect([json.code, JSON.parse(json.stdout).schemaVersion]).toEqual([0, 1]);
    });
  },
);
