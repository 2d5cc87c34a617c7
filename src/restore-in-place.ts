import type { ClientConfig } from 'pg';
import { clearAndRestore, type RestoreInPlace } from './backup/in-place.js';
import type { Backup } from './backup/read.js';
import { readWholeCatalog } from './backup/source.js';
import { differencesOf } from './backup.js';
import { script } from './baseline/script.js';
import { describeConnection, withSnapshot } from './database/client.js';
import { SquashError } from './errors.js';

export interface InPlaceOptions extends Pick<RestoreInPlace, 'onProgress'> {
  /** Drops what the database holds, in the same transaction. */
  readonly clean?: boolean;
  readonly dryRun?: boolean;
}

/**
 * Fills the database itself from a verified backup, in one transaction: all of it or nothing. What is in
 * it now is dropped there too, if that was asked for.
 *
 * @throws SquashError RESTORE_FAILED; nothing was touched then, or, once it is committed, it says so.
 */
export async function restoreInPlace(
  target: ClientConfig,
  backup: Backup,
  { clean, dryRun, onProgress }: InPlaceOptions,
): Promise<void> {
  const place = describeConnection(target);
  if (backup.manifest.verified === null) throw notVerified(place, backup);
  const catalog = await withSnapshot(target, readWholeCatalog);
  const { down } = script(catalog, [], []);
  if (down.length > 0 && clean !== true) throw notEmpty(place);
  if (dryRun === true) return;
  await clearAndRestore(target, backup, {
    drops: down,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
  const differences = await differencesOf(target, backup);
  if (differences.length === 0) return;
  const lines = differences.slice(0, 20).map(({ object, detail }) => `\n  ${object}: ${detail}`);
  throw new SquashError(
    'RESTORE_FAILED',
    `${place} was restored, and is not what was backed up:${lines.join('')}`,
    {
      hint: 'Somebody else wrote to it meanwhile, or this role may not set what is named here.',
    },
  );
}

function notVerified(place: string, { folder }: Backup): SquashError {
  return new SquashError(
    'RESTORE_FAILED',
    `this role may not put another database into the place of ${place}, and ${folder} is not verified`,
    {
      hint: 'Nothing was touched. In place only a verified backup is restored: knex-squash backup verify, by a role with CREATEDB.',
    },
  );
}

function notEmpty(place: string): SquashError {
  return new SquashError(
    'RESTORE_FAILED',
    `this role may not put another database into the place of ${place}, which is not empty`,
    {
      hint: 'Nothing was touched. With --clean everything in it is dropped and restored in one transaction; as its owner with CREATEDB it is swapped.',
    },
  );
}
