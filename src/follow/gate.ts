import { join } from 'node:path';
import { driftFrom, expectedCatalogPath, isExpected, parseExpected } from '../adopt/expected.js';
import type { NamedDifference } from '../adopt/outcome.js';
import { driftFromPromise, type Workshop } from '../adopt/promised.js';
import { findArchive } from '../archive/read.js';
import type { Difference } from '../catalog/compare.js';
import type { Catalog } from '../catalog/model.js';
import type { Server } from '../database/server.js';
import { isSquashError, SquashError } from '../errors.js';
import type { BaselineFile } from '../history/baselines.js';
import { loadMigration } from '../history/load.js';
import type { Migration } from '../history/migration.js';
import type { Settings } from '../settings/settings.js';
import { shadowOptions } from '../shadows.js';
import { toolVersion } from '../version.js';
import { whatOrderChanges } from './order.js';
import { findOriginals } from './originals.js';
import { withoutOwn } from './own.js';
import type { Project } from './project.js';
import type { Way } from './way.js';

/** A database's way, and all that is needed to go it once more. */
export interface Journey {
  readonly workshop: Workshop;
  readonly project: Project;
  readonly baseline: BaselineFile;
  readonly way: Way;
}

/** A place for shadows, and one for what was learnt from them. */
export function openWorkshop(
  { target, shadow }: Pick<Server, 'target' | 'shadow'>,
  settings: Settings,
  onReplayed?: (name: string) => void,
): Workshop {
  return {
    shadow,
    shadowOptions: (migrations) => shadowOptions({ target, shadow }, settings, migrations),
    settings,
    cache: { folder: join(settings.stateDirectory, 'expected'), read: new Map() },
    ...(onReplayed === undefined ? {} : { onReplayed }),
  };
}

/**
 * How a live catalog differs from the one that its ledger promises at this point: the baseline with
 * the later migrations that it names, or, while it is still on its way, what it has run so far.
 *
 * @throws SquashError LEDGER_MISMATCH for an order that is impossible, SHADOW_UNAVAILABLE,
 *   ARCHIVE_MISSING, ARCHIVE_INVALID, MIGRATION_FAILED.
 */
export async function driftAt(journey: Journey, live: Catalog): Promise<readonly Difference[]> {
  const differences = await inLedgersOrder(journey, () => differencesAt(journey, live));
  return withoutOwn(differences, live, journey.project);
}

async function differencesAt(journey: Journey, live: Catalog): Promise<readonly Difference[]> {
  const { workshop, way, baseline, project } = journey;
  if (way.missing.length > 0) return driftFromPromise(workshop, await executedOf(journey), live);
  if (way.later.length > 0) return driftFromPromise(workshop, canonicalOf(journey), live);
  if (isExpected(live, baseline)) return [];
  const archived = await driftFromArchive(project.settings, baseline, live);
  if (archived !== null && withoutOwn(archived, live, project).length === 0) return [];
  try {
    return await driftFromPromise(workshop, canonicalOf(journey), live);
  } catch (error) {
    if (archived === null || !isSquashError(error) || error.code !== 'SHADOW_UNAVAILABLE') throw error;
    return archived;
  }
}

/** What the order makes different in which a database ran, or is going to run, what is replaced. */
export async function orderDifferences(journey: Journey): Promise<readonly NamedDifference[]> {
  const { workshop, way, baseline } = journey;
  if (way.isNatural) return [];
  return whatOrderChanges(workshop, {
    actual: [...(await executedOf(journey)), ...(await missingOf(journey))],
    canonical: canonicalOf(journey),
    volatile: baseline.volatile,
  });
}

/** In an order of the ledger's own that can't be gone, the migrations are not to blame. */
async function inLedgersOrder<T>({ way }: Journey, fn: () => Promise<T>): Promise<T> {
  try {
    return await fn();
  } catch (error) {
    if (way.isNatural || !isSquashError(error) || error.code !== 'MIGRATION_FAILED') throw error;
    throw new SquashError(
      'LEDGER_MISMATCH',
      `the ledger says that this database ran its migrations in an order in which they can't run: ${error.message}`,
      {
        hint: 'Nothing was written. If its ids are not those of old, number the rows again in the order in which the migrations ran.',
        cause: error,
      },
    );
  }
}

/** What a database has run, in its own order. */
export async function executedOf(journey: Journey): Promise<readonly Migration[]> {
  return lookUp(journey, journey.way.executed);
}

/** What it lacks, in the order of the files. */
export async function missingOf(journey: Journey): Promise<readonly Migration[]> {
  return lookUp(journey, journey.way.missing);
}

async function lookUp(
  { project, baseline, way }: Journey,
  names: readonly string[],
): Promise<readonly Migration[]> {
  const onPath = new Set(way.path.map(({ name }) => name));
  const wanted = new Set(names.filter((name) => onPath.has(name)));
  const originals = await findOriginals(project.settings, baseline, wanted);
  const files = new Map(project.history.map((migration) => [migration.name, migration]));
  return names.flatMap((name) => originals.get(name) ?? files.get(name) ?? []);
}

/** The baseline, and the later migrations in the order in which the database ran them. */
export function canonicalOf({ project, baseline, way }: Journey): readonly Migration[] {
  const { name, path, sha256 } = baseline;
  const files = new Map(project.history.map((migration) => [migration.name, migration]));
  return [
    { name, path, sha256, load: () => loadMigration(path) },
    ...way.later.flatMap((each) => files.get(each) ?? []),
  ];
}

/** By the catalog in the archive; null where there is none that this version on this major can compare. */
async function driftFromArchive(
  { backups }: Settings,
  { revision }: BaselineFile,
  live: Catalog,
): Promise<readonly Difference[] | null> {
  const archive = await findArchive(backups, revision).catch(() => null);
  if (archive === null || archive.manifest.toolVersion !== toolVersion) return null;
  if (archive.manifest.serverMajor !== live.major) return null;
  const text = archive.contents.get(expectedCatalogPath);
  return text === undefined ? null : driftFrom(parseExpected(String(text)), live);
}
