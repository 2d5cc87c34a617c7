import type { Workshop } from '../adopt/promised.js';
import type { Migration } from '../history/migration.js';
import { canonicalOf, executedOf } from './gate.js';
import type { Project } from './project.js';
import { wayOf } from './way.js';

/**
 * The migrations that a ledger says have run, in the order of the files: what a fresh database would
 * run to come to the same. A baseline stands for its originals as soon as all of those have run; until
 * then they come from the archive. Names that nobody knows are passed over.
 *
 * @throws SquashError ARCHIVE_MISSING, ARCHIVE_INVALID.
 */
export async function promisedMigrations(
  workshop: Workshop,
  project: Project,
  ledger: readonly { readonly name: string }[],
): Promise<readonly Migration[]> {
  const { baseline, history } = project;
  const names = new Set(ledger.map(({ name }) => name));
  const ran = history.filter(({ name }) => names.has(name));
  if (baseline === null || names.has(baseline.name)) return ran;
  const way = wayOf(baseline, ledger);
  const journey = { workshop, project, baseline, way };
  const onPath = new Set(way.path.map(({ name }) => name));
  const later = ran.filter(({ name }) => !onPath.has(name));
  if (way.missing.length === 0) return [...canonicalOf({ ...journey, way: { ...way, later: [] } }), ...later];
  const executed = new Map((await executedOf(journey)).map((migration) => [migration.name, migration]));
  return [...way.path.flatMap(({ name }) => executed.get(name) ?? []), ...later];
}
