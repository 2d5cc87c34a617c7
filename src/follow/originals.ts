import { archivedMigrations, findArchive } from '../archive/read.js';
import { SquashError } from '../errors.js';
import { allNames, type Replaced } from '../history/lineage.js';
import type { Migration } from '../history/migration.js';
import type { Settings } from '../settings/settings.js';

/** A baseline as its archive is looked up. */
interface Squashed {
  readonly revision: string;
  readonly replaces: readonly Replaced[];
}

/**
 * The archived originals of these names, ready to run: those of a baseline lie in its archive, those
 * of a baseline that it replaced in that one's. Every byte is checked against the archive's manifest
 * and against what the baseline says of itself.
 *
 * @throws SquashError ARCHIVE_MISSING, naming the folder to add; ARCHIVE_INVALID.
 */
export async function findOriginals(
  settings: Pick<Settings, 'backups' | 'root'>,
  { revision, replaces }: Squashed,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, Migration>> {
  const found = new Map<string, Migration>();
  if (replaces.some(({ name }) => names.has(name))) {
    for (const migration of await readOriginals(settings, { revision, replaces })) {
      found.set(migration.name, migration);
    }
  }
  for (const { revision: older, replaces: inner = [] } of replaces) {
    if (older === undefined || !allNames(inner).some((name) => names.has(name))) continue;
    const originals = await findOriginals(settings, { revision: older, replaces: inner }, names);
    for (const [name, migration] of originals) found.set(name, migration);
  }
  return found;
}

/** In their order, by the names that the caller has for them. */
async function readOriginals(
  { backups, root }: Pick<Settings, 'backups' | 'root'>,
  { revision, replaces }: Squashed,
): Promise<readonly Migration[]> {
  const archive = await findArchive(backups, revision);
  const originals = archivedMigrations(archive, root);
  const isWhole =
    originals.length === replaces.length &&
    replaces.every(({ sha256 }, place) => originals[place]?.sha256 === sha256);
  if (!isWhole) {
    throw new SquashError(
      'ARCHIVE_INVALID',
      `the archive ${archive.folder} holds other files than those that the baseline ${revision} stands for`,
      { hint: 'Take both from the same commit again.' },
    );
  }
  return originals.map((migration, place) => ({
    ...migration,
    name: replaces[place]?.name ?? migration.name,
  }));
}
