import { rm } from 'node:fs/promises';
import type { ClientConfig } from 'pg';
import { contentDigest } from '../src/adopt/digest.js';
import { kinds } from '../src/catalog/kinds/index.js';
import type { CatalogObject } from '../src/catalog/model.js';
import { inScratch, withClient, withSnapshot } from '../src/database/client.js';
import { mutationsOf } from '../src/proof/mutations.js';
import { readCatalogBeside } from '../src/proof/observe.js';
import type { Settings } from '../src/settings/settings.js';
import { validate } from '../src/validate.js';
import { readCase } from './support/cases.js';
import { caseSettings, migrateByKnex } from './support/prove-case.js';
import { ensureRoles } from './support/run-cases.js';
import { withDatabase } from './support/server.js';
import { projectOf, withCopy } from './support/validated.js';

/** With KNEX_SQUASH_DRIFT=long every alteration of every kind is tried on a copy of its own. */
const isLong = process.env.KNEX_SQUASH_DRIFT === 'long';
const timeout = isLong ? 1_200_000 : 240_000;

const { migrations } = readCase('everything--at-once');

/** Runs `fn` with a database that ran a history with an object of (nearly) every kind. */
async function withLive(
  fn: (live: ClientConfig, objects: readonly CatalogObject[], settings: Settings) => Promise<void>,
): Promise<void> {
  await ensureRoles();
  await withDatabase(async (live) => {
    await migrateByKnex(live, migrations, (knex) => knex.migrate.latest());
    const { objects } = await withSnapshot(live, (client) =>
      readCatalogBeside(client, caseSettings.migrations),
    );
    const settings = projectOf(migrations, live);
    try {
      await fn(live, objects, settings);
    } finally {
      await rm(settings.stateDirectory, { recursive: true });
    }
  });
}

type Trial = readonly [object: CatalogObject, statement: string];

/** By kind, and by what is touched, every statement that could do it. */
function trials(
  objects: readonly CatalogObject[],
  isWanted: (what: string) => boolean,
): ReadonlyMap<string, readonly Trial[]> {
  const groups = new Map<string, Trial[]>();
  for (const object of objects) {
    for (const { what, statement } of mutationsOf(object)) {
      if (!isWanted(what)) continue;
      const key = `${object.kind}: ${what}`;
      groups.set(key, [...(groups.get(key) ?? []), [object, statement]]);
    }
  }
  return groups;
}

const named = (object: CatalogObject, found: readonly { readonly id: string }[]): boolean =>
  found.some(({ id }) => id === object.id || id.endsWith(` ON DOMAIN ${object.identity}`));

/** The first of these statements that the server takes is tried; what it changed must be found by name. */
async function expectFound(live: ClientConfig, settings: Settings, candidates: readonly Trial[]) {
  for (const [object, statement] of candidates.slice(0, 20)) {
    const result = await withCopy(live, '', async (copy) => {
      const isTaken = await withClient(copy, (client) => client.query(statement)).then(
        () => true,
        () => false,
      );
      return isTaken ? validate({ ...settings, connection: copy }) : null;
    });
    if (result === null) continue;
    expect([statement, result.equal, named(object, result.differences)]).toEqual([statement, false, true]);
    return;
  }
  throw new Error(`none of these could be done: ${candidates.map(([, statement]) => statement).join('; ')}`);
}

test(
  'of every kind one object that was dropped is found by name, and the copy that was left alone is equal',
  async () => {
    await withLive(async (live, objects, settings) => {
      expect(await validate(settings)).toMatchObject({ equal: true, differences: [], replayed: true });
      const groups = trials(objects, (what) => what === 'removed');
      for (const candidates of groups.values()) await expectFound(live, settings, candidates);
      const tried = new Set([...groups.keys()].map((key) => key.replace(': removed', '')));
      const untried = kinds.map(({ name }) => name).filter((name) => !tried.has(name));
      expect(untried.filter((name) => !name.startsWith('privileges in '))).toEqual(['subscription']);
      expect(await validate(settings)).toMatchObject({ equal: true, differences: [], replayed: false });
    });
  },
  timeout,
);

test(
  'of every kind one object that was altered is found by name',
  async () => {
    await withLive(async (live, objects, settings) => {
      const groups = trials(objects, (what) => what !== 'removed');
      if (isLong) {
        for (const candidates of groups.values()) await expectFound(live, settings, candidates);
        return;
      }
      // All in one copy: each is named all the same.
      const altered: CatalogObject[] = [];
      await withCopy(live, '', async (copy) => {
        await withClient(copy, async (client) => {
          for (const candidates of groups.values()) {
            for (const [object, statement] of candidates.slice(0, 20)) {
              if (altered.includes(object)) continue;
              const isTaken = await client.query(statement).then(
                () => true,
                () => false,
              );
              if (!isTaken) continue;
              altered.push(object);
              break;
            }
          }
        });
        const { equal, differences } = await validate({ ...settings, connection: copy });
        expect(equal).toBe(false);
        expect(altered.filter((object) => !named(object, differences)).map(({ id }) => id)).toEqual([]);
      });
      expect(new Set(altered.map(({ kind }) => kind)).size).toBeGreaterThan(30);
    });
  },
  timeout,
);

test(
  'of every kind objects that no migration makes are found by name',
  async () => {
    await withLive(async (live, objects) => {
      // The same live database, and a history that makes nothing of it.
      const empty = migrations.map((migration) => ({
        ...migration,
        load: async () => ({ ...(await migration.load()), up: async () => {} }),
      }));
      const project = projectOf(empty, live);
      const { differences, counts } = await validate(project);
      await rm(project.stateDirectory, { recursive: true });
      const extra = differences.filter(({ change }) => change === 'extra').map(({ id }) => id);
      const built = objects.filter(({ id }) => id !== 'schema public' && id !== 'extension plpgsql');
      expect(built.map(({ id }) => id).filter((id) => !extra.includes(id))).toEqual([]);
      for (const { kind, expected } of counts) {
        expect([kind, expected]).toEqual([kind, kind === 'extension' || kind === 'schema' ? expected : 0]);
      }
    });
  },
  timeout,
);

test(
  'each of these changes alters the digest by which a database is recalled, and taking it back gives the old one',
  async () => {
    await withLive(async (live, objects) => {
      const tried = new Set<string>();
      await withClient(live, async (client) => {
        const digest = () => inScratch(client, () => contentDigest(client));
        const before = await digest();
        for (const [what, candidates] of trials(objects, () => true)) {
          for (const [, statement] of candidates.slice(0, 20)) {
            const after = await inScratch(client, async () => {
              await client.query(statement);
              return contentDigest(client);
            }).catch(() => null);
            if (after === null) continue;
            expect([statement, after === before]).toEqual([statement, false]);
            tried.add(what.replace(/:.*/, ''));
            break;
          }
        }
        expect(await digest()).toBe(before);
      });
      expect(tried.size).toBeGreaterThan(40);
    });
  },
  timeout,
);
