import { type Cache, cacheKey } from './adopt/cache.js';
import { expectedCatalogPath, parseExpected } from './adopt/expected.js';
import { hasUserObjects, readInterrupted } from './adopt/live.js';
import { type Compared, compareWithPromise, promisedCatalog, type Workshop } from './adopt/promised.js';
import { type Recalled, readOrRecall, remember } from './adopt/recall.js';
import { findArchive } from './archive/read.js';
import { fingerprint } from './catalog/fingerprint.js';
import type { Catalog } from './catalog/model.js';
import { inSnapshot, withClient } from './database/client.js';
import type { Server } from './database/server.js';
import { ledgerSettings } from './follow/examine.js';
import { openWorkshop } from './follow/gate.js';
import { withoutOwn } from './follow/own.js';
import { asSpeltIn, type Project } from './follow/project.js';
import { promisedMigrations } from './follow/promise.js';
import type { BaselineFile } from './history/baselines.js';
import { type EditedFile, editedFiles, readHashes } from './history/hashes.js';
import { locateLedger, readRows } from './history/ledger.js';
import { loadMigration } from './history/load.js';
import type { LedgerRow } from './history/migration.js';
import { type DatabaseState, decideState } from './history/state.js';
import { type MigrateOptions, onTarget } from './migrate.js';
import type { Settings } from './settings/settings.js';
import { countKinds } from './validate/counts.js';
import { describeDifferences } from './validate/definition.js';
import { flagged } from './validate/flags.js';
import { migrationFindings } from './validate/migrations.js';
import type { Finding, Trials, ValidateResult } from './validate/result.js';
import { excuse, inScope, type Scope } from './validate/scope.js';
import { tryViewsAndFunctions } from './validate/trials.js';
import { validatePage } from './validate-page.js';
import { writeReport } from './write-report.js';

export interface ValidateOptions extends MigrateOptions, Partial<Scope> {
  /** Migrations that have yet to run are no difference. */
  readonly allowPending?: boolean;
  /** Write report.html: into a folder beside the backups, or the one that is named. */
  readonly report?: boolean | string;
}

/**
 * Holds the configured database against what its migrations build, to the point that its ledger names,
 * and looks for what doesn't work in it. It is only read, in one read-only transaction.
 *
 * @throws SquashError SERVER_UNREACHABLE, SHADOW_UNAVAILABLE, MIGRATION_FAILED, OBJECT_UNSUPPORTED,
 *   ARCHIVE_MISSING where a database stands amid the originals of a baseline.
 */
export async function validate(settings: Settings, options: ValidateOptions = {}): Promise<ValidateResult> {
  const began = performance.now();
  return onTarget(settings, options, async (server, opened) => {
    const workshop = openWorkshop(server, settings, options.onReplayed);
    const seen = await look(server, opened.settings, workshop.cache);
    const read = performance.now() - began;
    const facts = await judge(opened, seen);
    const { project, state, pending } = facts;
    const scope = scopeOf(settings, options);
    const compared = await compare(workshop, facts, seen, scope);
    const baselineNote = await checkBaseline(workshop, project.baseline, seen.catalog.major);
    const compareTime = performance.now() - began - read;
    const counts = inScope(scope);
    const expected = within(compared.expected, counts);
    const live = within(seen.catalog, counts);
    const differing = describeDifferences(compared.differences, compared.expected, seen.catalog);
    const executed = (seen.ledger ?? []).map(({ name }) => name);
    const left = outside([seen.catalog], counts);
    const found = [
      ...migrationFindings({ ...facts, executed, allowPending: options.allowPending ?? false }),
      ...baselineNote,
      ...flagged(live, compared.expected),
      ...seen.findings.filter(({ object }) => !left.has(object)),
    ];
    const { differences, findings, excused } = excuse(differing, found, settings.validate.expected);
    const result = {
      equal: differences.length === 0 && findings.every(({ severity }) => severity === 'note'),
      database: server.description,
      serverMajor: server.major,
      state: state.kind,
      baseline:
        project.baseline === null
          ? null
          : { name: project.baseline.name, revision: project.baseline.revision },
      migrations: { executed: executed.length, pending },
      differences,
      findings,
      excused,
      counts: countKinds(await squashedCatalog(settings, project.baseline), expected, live),
      trials: seen.trials,
      replayed: compared.replayed,
      recalled: seen.isRecalled,
      timings: { read, compare: compareTime, total: performance.now() - began },
    };
    const report = await writeReport(settings, 'validate', options.report ?? false, (now) =>
      validatePage(result, expected, live, now),
    );
    return { ...result, report };
  });
}

type Counts = ReturnType<typeof inScope>;

interface Seen extends Recalled {
  /** Where the cache remembers this database. */
  readonly memory: string;
  /** null where there is no ledger. */
  readonly ledger: readonly LedgerRow[] | null;
  /** The migration without a transaction that broke off. */
  readonly interrupted: string | null;
  /** Hashes of the files that ran here, by name. */
  readonly hashes: ReadonlyMap<string, string>;
  readonly trials: Trials;
  readonly findings: readonly Finding[];
}

/** All that is read of the live database, of one moment. */
async function look({ target, description }: Server, settings: Settings, cache: Cache): Promise<Seen> {
  return withClient(target, async (client) => {
    const interrupted = await readInterrupted(client, ledgerSettings(settings));
    return inSnapshot(client, async () => {
      const place = await locateLedger(client, ledgerSettings(settings));
      const ledger = place.exists.ledger ? await readRows(client, place) : null;
      const hashes = await readHashes(client, place);
      const tables = Object.values(place.sql);
      const memory = cacheKey(['live', description, tables]);
      const recalled = await readOrRecall(client, tables, cache, memory);
      const tried = await tryViewsAndFunctions(client, settings.searchPath);
      return { memory, ledger, interrupted, hashes, ...recalled, ...tried };
    });
  });
}

interface Judged {
  readonly project: Project;
  readonly state: DatabaseState;
  readonly ledger: readonly { readonly name: string }[];
  readonly files: readonly string[];
  readonly pending: readonly string[];
  readonly flaws: Project['flaws'];
  readonly edited: readonly EditedFile[];
}

/** What the names alone say; edited files don't keep it from looking further. */
async function judge(opened: Project, seen: Seen): Promise<Judged> {
  const ledger = seen.ledger ?? [];
  const project = asSpeltIn(opened, ledger);
  const files = project.history.map(({ name }) => name);
  const state = decideState({
    ledger: seen.ledger,
    files: project.history,
    baseline: project.baseline,
    hasUserObjects: hasUserObjects(seen.catalog),
    interrupted: seen.interrupted,
  });
  const executed = new Set(ledger.map(({ name }) => name));
  const missing = 'missing' in state ? state.missing : [];
  const open = 'pending' in state ? state.pending : files.filter((name) => !executed.has(name));
  // Amid a baseline's originals these are pending, and it isn't.
  const later = open.filter((name) => name !== project.baseline?.name || executed.size === 0);
  const pending = [...new Set([...missing, ...('pending' in state ? open : later)])];
  return {
    project,
    state,
    ledger,
    files,
    pending,
    flaws: project.flaws,
    edited: await editedFiles(project.history, seen.hashes),
  };
}

async function compare(
  workshop: Workshop,
  { project, state, ledger }: Judged,
  seen: Seen,
  scope: Scope,
): Promise<Pick<Compared, 'expected' | 'differences' | 'replayed'>> {
  const live = seen.catalog;
  if (state.kind === 'fresh') return { expected: live, differences: [], replayed: false };
  const migrations =
    state.kind === 'foreign' ? project.history : await promisedMigrations(workshop, project, ledger);
  const counts = inScope(scope);
  const unseen = outside([live], counts);
  const compared = await compareWithPromise(workshop, migrations, live, ({ id }) => !unseen.has(id));
  await remember(workshop.cache, seen.memory, seen, compared);
  const left = outside([live, compared.expected], counts);
  const counted = withoutOwn(compared.differences, live, project);
  return { ...compared, differences: counted.filter(({ id }) => !left.has(id)) };
}

/** Builds the baseline as it lies there, from its text alone, unless the cache knows what it builds. */
async function checkBaseline(
  workshop: Workshop,
  baseline: BaselineFile | null,
  major: number,
): Promise<readonly Finding[]> {
  if (baseline === null) return [];
  const { name, path, sha256, fingerprints, serverMajor } = baseline;
  const about = { check: 'baseline', object: name } as const;
  if (major !== serverMajor) {
    const message = `was proved on PostgreSQL ${serverMajor}, whose spelling differs from that of ${major}: whether it still builds the same can't be told here`;
    return [{ ...about, severity: 'note', message }];
  }
  const migration = { name, path, sha256, load: () => loadMigration(path) };
  const built = fingerprint(await promisedCatalog(workshop, [migration], major));
  if (built === fingerprints.baseline) return [];
  const message = `builds another catalog than it was proved with: ${built.slice(0, 12)}… instead of ${fingerprints.baseline.slice(0, 12)}…`;
  return [{ ...about, severity: 'error', message }];
}

function scopeOf({ validate: set }: Settings, { schemas, ignore = [] }: ValidateOptions): Scope {
  return { schemas: schemas ?? set.schemas, ignore: [...set.ignore, ...ignore] };
}

function within(catalog: Catalog, counts: Counts): Catalog {
  return { ...catalog, objects: catalog.objects.filter(counts) };
}

/** Ids of objects that lie out of the scope. */
function outside(catalogs: readonly Catalog[], counts: Counts): ReadonlySet<string> {
  return new Set(
    catalogs.flatMap(({ objects }) => objects.filter((each) => !counts(each)).map(({ id }) => id)),
  );
}

/** The catalog of the history when it was squashed; null where its archive isn't there. */
async function squashedCatalog(
  { backups }: Settings,
  baseline: BaselineFile | null,
): Promise<readonly { readonly kind: string }[] | null> {
  if (baseline === null) return null;
  const archive = await findArchive(backups, baseline.revision).catch(() => null);
  const text = archive?.contents.get(expectedCatalogPath);
  return text === undefined ? null : parseExpected(String(text)).objects;
}
