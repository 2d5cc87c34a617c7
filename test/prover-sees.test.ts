import type { ClientConfig } from 'pg';
import { kinds } from '../src/catalog/kinds/index.js';
import { onDatabase, withClient } from '../src/database/client.js';
import { quoteIdent } from '../src/database/sql.js';
import { listHistory } from '../src/history/files.js';
import { sha256 } from '../src/history/hash.js';
import { loadMovedMigration } from '../src/history/load.js';
import type { Migration } from '../src/history/migration.js';
import { observe } from '../src/proof/observe.js';
import { prove } from '../src/proof/prove.js';
import type { Replays } from '../src/proof/replays.js';
import { type MutationTrial, tryMutations } from '../src/proof/try-mutations.js';
import { readCase } from './support/cases.js';
import { migrationSettings } from './support/project.js';
import { caseSettings, draft, migrateByKnex } from './support/prove-case.js';
import { ensureRoles } from './support/run-cases.js';
import { testServer, withDatabase } from './support/server.js';

const ledger = caseSettings.migrations;

/** Builds what a history's baseline builds, and lets `fn` look at both. */
async function withBaseline(
  migrations: readonly Migration[],
  fn: (built: ClientConfig, replays: Replays) => Promise<void>,
): Promise<void> {
  const { name, text, replays, proof } = await draft(migrations);
  expect(proof.differences).toEqual([]);
  const load = () => loadMovedMigration({ source: text, path: `/${name}`, origin: name, moved: new Map() });
  const baseline = { name, path: null, sha256: sha256(text), load };
  await withDatabase(async (built) => {
    await migrateByKnex(built, [baseline], (knex) => knex.migrate.latest());
    await fn(built, replays);
  });
}

/** Whether a copy of `built` that was changed still passes for equal. */
async function passes(built: ClientConfig, replays: Replays, statements: string): Promise<boolean> {
  return withDatabase(async (copy) => {
    await replaceByCopy(built, copy);
    await withClient(copy, (client) => client.query(statements));
    return (await prove({ replays, connection: copy, window: null, ledger })).proof.equal;
  });
}

async function replaceByCopy(from: ClientConfig, to: ClientConfig): Promise<void> {
  const name = quoteIdent(String(to.database));
  await withClient(onDatabase(testServer(), 'postgres'), async (client) => {
    await client.query(`DROP DATABASE ${name}`);
    await client.query(`CREATE DATABASE ${name} TEMPLATE ${quoteIdent(String(from.database))}`);
  });
}

async function expectAllSeen(migrations: readonly Migration[]): Promise<readonly MutationTrial[]> {
  let trials: readonly MutationTrial[] = [];
  await withBaseline(migrations, async (built, replays) => {
    const reading = { ledger, searchPath: replays.searchPath };
    const { catalog } = await observe(built, reading);
    ({ tried: trials } = await tryMutations(built, catalog, reading));
    expect(trials.filter(({ seen }) => !seen)).toEqual([]);
    expect(await passes(built, replays, '')).toBe(true);
    const passing: string[] = [];
    for (const { statement } of trials) {
      if (await passes(built, replays, statement)) passing.push(statement);
    }
    expect(passing).toEqual([]);
  });
  return trials;
}

beforeAll(ensureRoles);

test('of every kind, one object that was removed and one of each attribute that was altered', async () => {
  const trials = await expectAllSeen(readCase('everything--at-once').migrations);
  const removed = trials.filter(({ what }) => what === 'removed').map(({ kind }) => kind);
  const untried = kinds.map(({ name }) => name).filter((name) => !removed.includes(name));
  // A subscription isn't part of a copy of its database; the rest have no object in that history.
  expect(untried.filter((name) => !name.startsWith('privileges in '))).toEqual(['subscription']);
}, 300_000);

test('in the example project', async () => {
  const project = migrationSettings(process.cwd());
  const trials = await expectAllSeen(await listHistory(project));
  expect(trials.length).toBeGreaterThan(20);
}, 300_000);

test('a subscription that is missing or altered', async () => {
  const subscription = `CREATE SUBSCRIPTION s CONNECTION 'dbname=nowhere' PUBLICATION p WITH (connect = false)`;
  const reading = { ledger, searchPath: 'public' };
  await withDatabase(async (database) => {
    await withClient(database, (client) => client.query(subscription));
    const { catalog } = await observe(database, reading);
    const { tried: trials } = await tryMutations(database, catalog, reading);
    expect(
      trials.filter(({ kind }) => kind === 'subscription').map(({ what, seen }) => [what, seen]),
    ).toEqual(['removed', 'comment', 'slot'].map((what) => [what, true]));
    await withClient(database, (client) =>
      client.query('ALTER SUBSCRIPTION s SET (slot_name = NONE); DROP SUBSCRIPTION s'),
    );
  });
});

const alterations = [
  ['a row that is missing', `DELETE FROM app.people WHERE name = 'Bob'`],
  ['a row more', `INSERT INTO app.people (name) OVERRIDING USER VALUE VALUES ('Eve')`],
  ['a value', `UPDATE app.people SET boss = NULL WHERE name = 'Bob'`],
  ['a row of a partition', `UPDATE app.parted SET b = b + 1`],
  ['the position of a sequence', `SELECT nextval('app.numbers')`],
  ['a position that was taken or not', `SELECT setval('app.numbers', 100, false)`],
  ['the position of an identity column', `ALTER TABLE app.people ALTER id RESTART WITH 50`],
  [
    'the contents of a materialized view',
    `CREATE TABLE t AS SELECT * FROM app.people; DELETE FROM app.people;
    REFRESH MATERIALIZED VIEW app.counts; INSERT INTO app.people OVERRIDING SYSTEM VALUE SELECT id, name, state, score FROM t; DROP TABLE t`,
  ],
] as const;

test('in rows and positions', async () => {
  await withBaseline(readCase('everything--at-once').migrations, async (built, replays) => {
    const passing: string[] = [];
    for (const [what, statements] of alterations)
      if (await passes(built, replays, statements)) passing.push(what);
    expect(passing).toEqual([]);
    expect(await passes(built, replays, '')).toBe(true);
  });
});
