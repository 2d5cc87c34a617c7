import type { Knex } from 'knex';
import type { Catalog } from '../catalog/model.js';
import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { onSession } from '../history/connect.js';
import { type LedgerPlace, type LedgerSettings, locateLedger } from '../history/ledger.js';
import { defaultLockTimeout, holdLockRow, untilFree } from '../history/lock.js';
import { inKnexTransaction } from '../history/transaction.js';
import type { ObjectFile } from './files.js';
import { judgeObjects, type ObjectWork, recordOf } from './judge.js';
import { pathsOf } from './path.js';
import { readRecords, writeRecords } from './record.js';
import { type Definition, readWithin, replaceObjects } from './replace.js';
import { filedKinds } from './text.js';

export interface KeepOptions {
  /** Whether objects are dropped whose file is gone. */
  readonly prune?: boolean;
  /** Only say what would be done. */
  readonly dryRun?: boolean;
  /** Whether nobody else can know the database, so that no lock is needed: a shadow. */
  readonly isAlone?: boolean;
}

/** What became of the objects that have files; ids, but for the orphans' paths. */
export interface KeptObjects {
  readonly created: readonly string[];
  readonly changed: readonly string[];
  /** Dropped and made again as they were, since they depend on what changed. */
  readonly rebuilt: readonly string[];
  readonly dropped: readonly string[];
  /** Objects that stay though their file is gone. */
  readonly orphans: readonly string[];
}

/** Of a project without files. */
export const nothingKept: KeptObjects = { created: [], changed: [], rebuilt: [], dropped: [], orphans: [] };

/**
 * Makes a database's views, functions, triggers and policies what their files say, in one transaction
 * under Knex's lock; or changes nothing.
 *
 * @throws SquashError OBJECT_FILE_INVALID, OBJECT_IN_USE, LOCK_TIMEOUT.
 */
export async function keepObjects(
  knex: Knex,
  settings: LedgerSettings,
  files: readonly ObjectFile[],
  options: KeepOptions = {},
): Promise<KeptObjects> {
  const found = await onSession(knex, (client) => locateLedger(client, settings));
  if (files.length === 0 && !found.exists.objects) return nothingKept;
  const kept = await untilFree(defaultLockTimeout, () =>
    inKnexTransaction(knex, (trx) =>
      onSession(trx, async (client) => {
        const needsLock = found.exists.lock && options.isAlone !== true && options.dryRun !== true;
        if (needsLock) await holdLockRow(client, found);
        // While we waited another command may have done it all.
        const place = needsLock ? await locateLedger(client, settings) : found;
        return keepWithin(client, place, files, options);
      }),
    ),
  );
  failpoint('objects.committed');
  return kept;
}

async function keepWithin(
  client: Queryable,
  place: LedgerPlace,
  files: readonly ObjectFile[],
  { prune = false, dryRun = false }: KeepOptions,
): Promise<KeptObjects> {
  const ledger = Object.values(place.sql);
  const records = await readRecords(client, place);
  const { objects, major } = await readWithin({ client, ledger }, filedKinds);
  const work = judgeObjects(files, records, objects, major);
  const drops = prune ? work.orphans.map(({ object }) => object.id) : [];
  const orphans = prune ? [] : work.orphans.map(({ object }) => object.id);
  const planned = {
    ...nothingKept,
    changed: work.change.map(({ object }) => object.id),
    dropped: drops,
    orphans,
  };
  if (dryRun) return { ...planned, created: work.create.map(({ path }) => path) };
  if (work.create.length + work.change.length + drops.length === 0) {
    if (work.record.length + work.forget.length > 0) {
      await writeRecords(client, place, work.record, work.forget);
    }
    return planned;
  }
  const replaced = await replaceObjects(client, {
    definitions: definitionsOf(work),
    drops,
    made: (after) => madeBy(work, after),
    ledger,
  });
  failpoint('objects.replaced');
  const gone = prune ? work.orphans.map(({ path }) => path) : [];
  await recordAll(client, place, files, replaced.after, [...work.forget, ...gone]);
  failpoint('objects.recorded');
  return { ...planned, created: madeBy(work, replaced.after), rebuilt: replaced.rebuilt };
}

function definitionsOf({ create, change }: ObjectWork): readonly Definition[] {
  const kindOfPath = (path: string): string => (path.split('/')[1] ?? '').replaceAll('-', ' ');
  return [
    ...create.map(({ path, text }) => ({ label: path, kind: kindOfPath(path), text, target: null })),
    ...change.map(({ file: { path, text }, object: { id, kind } }) => ({
      label: path,
      kind,
      text,
      target: id,
    })),
  ];
}

/** Ids of what new files have made. @throws SquashError OBJECT_FILE_INVALID when one made something else. */
function madeBy({ create }: ObjectWork, after: Catalog): readonly string[] {
  const ids = new Map([...pathsOf(after.objects)].map(([id, path]) => [path, id]));
  return create.map(({ path }) => {
    const id = ids.get(path);
    if (id !== undefined) return id;
    const [schema = '', kind = ''] = path.split('/');
    const near = [...ids.keys()].filter((each) => each.startsWith(`${schema}/${kind}/`));
    throw new SquashError(
      'OBJECT_FILE_INVALID',
      `${path} does not define the object that it is named after`,
      {
        hint: `Nothing was changed. Each file is <schema>/<kind>/<name>.sql${near.length === 0 ? '' : `, as in ${near[0]}`}.`,
      },
    );
  });
}

/** All files anew: what was rebuilt may be printed in other words now. */
async function recordAll(
  client: Queryable,
  place: LedgerPlace,
  files: readonly ObjectFile[],
  { objects, major }: Catalog,
  gone: readonly string[],
): Promise<void> {
  const byId = new Map(objects.map((object) => [object.id, object]));
  const atPath = new Map([...pathsOf(objects)].map(([id, path]) => [path, byId.get(id)]));
  const applied = files.flatMap((file) => {
    const object = atPath.get(file.path);
    return object === undefined ? [] : [recordOf(file, object, major)];
  });
  await writeRecords(client, place, applied, gone);
}
