import type { Knex } from 'knex';
import { refusalOf } from './adopt/outcome.js';
import { withClient } from './database/client.js';
import { withServer } from './database/server.js';
import { SquashError } from './errors.js';
import { ledgerSettings } from './follow/examine.js';
import { follow } from './follow/follow.js';
import { findOriginals } from './follow/originals.js';
import { asSpeltIn, openProject, type Project } from './follow/project.js';
import { onSession } from './history/connect.js';
import { deleteDoubles, locateLedger, readRows } from './history/ledger.js';
import { pathOf } from './history/lineage.js';
import { loadMigration } from './history/load.js';
import type { LedgerRow, LoadedMigration, Migration } from './history/migration.js';
import { recentlyReplaced } from './history/revision.js';
import { decideState } from './history/state.js';
import { settingsOf } from './settings/load.js';
import type { SquashOptions } from './settings/schema.js';
import type { Settings } from './settings/settings.js';
import { type FileSettings, sourceKey } from './settings/source-key.js';

/** A Knex configuration, and our own settings in it. */
export type SquashConfig = Knex.Config & { readonly squash?: SquashOptions };

/** What the source gives to Knex for one migration. */
interface Entry {
  /** Knex asks for it whenever it compares. */
  name: string;
  readonly role: 'file' | 'baseline' | 'replaced';
  readonly migration: Migration | null;
}

/**
 * A migration source for `migrations.migrationSource` with which stock Knex's own commands know a
 * squashed history, its list validation on: `migrate:latest` runs the baseline on an empty database,
 * lets a database adopt it that ran all that it replaces, and refuses every other with our errors.
 * Nothing is adopted by `migrate:list`, `migrate:status` and `migrate:rollback`.
 *
 * In a knexfile, whose folders are the ones of `config` and nowhere else, since Knex drops a source
 * where it finds `directory` or `loadExtensions` beside it:
 *
 *     const config = { client: 'pg', connection: process.env.DATABASE_URL, migrations: { directory: './migrations' } };
 *     export default { ...config, migrations: { migrationSource: squashSource(config) } };
 */
export function squashSource(given: SquashConfig): Knex.MigrationSource<unknown> {
  const { connection } = given;
  // Knex hides the password in the object that it is given.
  const config =
    typeof connection === 'object'
      ? { ...given, connection: { ...connection } as Knex.PgConnectionConfig }
      : given;
  const { directory, sortDirsSeparately, loadExtensions } = config.migrations ?? {};
  const files: FileSettings = Object.fromEntries(
    Object.entries({ directory, sortDirsSeparately, loadExtensions }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  const memory: Memory = { hasDouble: false, isAdopted: false };
  const open = () => openSource(config, memory);
  return {
    [sourceKey]: files,
    getMigrations: async () => listEntries(await open()),
    getMigrationName: (entry: unknown) => (entry as Entry).name,
    getMigration: async (entry: unknown) => loadEntry(await open(), entry as Entry, memory),
  } as Knex.MigrationSource<unknown>;
}

/** What outlives one call. */
interface Memory {
  /** Whether Knex has written a second row for the baseline since the ledger was looked at. */
  hasDouble: boolean;
  /** Whether an earlier call found the baseline in the ledger: then Knex finds it too. */
  isAdopted: boolean;
}

interface Source {
  readonly settings: Settings;
  readonly project: Project;
  readonly ledger: readonly LedgerRow[];
  /** Names that an adoption of the last moments replaced. */
  readonly replacedJustNow: readonly string[];
}

/** Milliseconds that an adoption may take from its last statement to where others see it. */
const commitTime = 1_000;

/** Reads files and ledger anew: Knex holds on to the source for as long as the program runs. */
async function openSource(config: SquashConfig, memory: Memory): Promise<Source> {
  const calledAt = performance.now();
  const settings = await settingsOf({ ...config }, process.cwd(), process.env);
  if (settings.connection === null) {
    throw new SquashError(
      'SETTINGS_INVALID',
      'the configuration that squashSource was given has no connection',
      {
        hint: 'Give it the same object as Knex, connection included.',
      },
    );
  }
  const project = await openProject(settings);
  return withClient(settings.connection, async (client) => {
    const place = await locateLedger(client, ledgerSettings(settings));
    const ledger = place.exists.ledger ? await readRows(client, place) : [];
    const spelt = asSpeltIn(project, ledger);
    const { baseline } = spelt;
    if (baseline === null || !ledger.some(({ name }) => name === baseline.name)) {
      return { settings, project: spelt, ledger, replacedJustNow: [] };
    }
    if (ledger.filter(({ name }) => name === baseline.name).length > 1) {
      await deleteDoubles(client, place, baseline.name);
    }
    const replacedJustNow = memory.isAdopted
      ? []
      : await recentlyReplaced(client, place, baseline.name, performance.now() - calledAt + commitTime);
    memory.isAdopted = true;
    return { settings, project: spelt, ledger, replacedJustNow };
  });
}

/**
 * Knex reads the ledger while we do, so that it may see it before an adoption and we after it, or the
 * other way round. What was replaced is listed therefore while the ledger names it, and also where it
 * was adopted since Knex called: Knex's validation finds what it looks for in either case.
 */
function listEntries({ project, ledger, replacedJustNow }: Source): Entry[] {
  const { history, baseline, flaws } = project;
  const state = decideState({ ledger, files: history, baseline, flaws, hasUserObjects: true });
  const refusal =
    state.kind === 'ghosts' || state.kind === 'tampered'
      ? refusalOf(state, baseline?.name ?? 'the project')
      : null;
  if (refusal !== null) throw refusal;
  const executed = new Set(ledger.map(({ name }) => name));
  const isBefore = baseline !== null && executed.size > 0 && !executed.has(baseline.name);
  const replaced = isBefore ? pathOf(baseline.replaces, executed).map(({ name }) => name) : replacedJustNow;
  const gone = replaced.map((name): Entry => ({ name, role: 'replaced', migration: null }));
  const files = history.map(
    (migration): Entry => ({
      name: migration.name,
      role: migration.name === baseline?.name ? 'baseline' : 'file',
      migration,
    }),
  );
  // They stand where they stood as long as a rollback can reach them, and afterwards where no step does.
  const place = isBefore ? files.findIndex(({ role }) => role === 'baseline') + 1 : files.length;
  return [...files.slice(0, place), ...gone, ...files.slice(place)];
}

async function loadEntry(source: Source, entry: Entry, memory: Memory): Promise<LoadedMigration> {
  if (entry.role === 'replaced') return loadReplaced(source, entry);
  if (entry.role === 'baseline') return loadBaseline(source, memory);
  if (entry.migration === null) throw new Error(`"${entry.name}" has no file`);
  const loaded = await entry.migration.load();
  const upAfterDoubles: LoadedMigration['up'] = async (knex) => {
    if (memory.hasDouble) await tidyUp(source, knex);
    memory.hasDouble = false;
    return loaded.up(knex);
  };
  return { up: upAfterDoubles, down: loaded.down?.bind(loaded), config: loaded.config };
}

/** Asked for on its way down, or, where Knex's list is older than the ledger, as one to be run. */
async function loadReplaced({ project, ledger, settings }: Source, entry: Entry): Promise<LoadedMigration> {
  const { baseline } = project;
  const up = () => Promise.reject(overtaken(entry.name));
  if (baseline === null || ledger.some(({ name }) => name === baseline.name)) {
    // Under the lock Knex compares once more, by a name that the ledger has: so it passes this one over.
    if (baseline !== null) entry.name = baseline.name;
    return { up, down: up };
  }
  const originals = await findOriginals(settings, baseline, new Set([entry.name]));
  const { down, config } = (await originals.get(entry.name)?.load()) ?? {};
  return { up, down, config };
}

/**
 * Knex asks for every migration that it is about to run, and before it opens its transaction: that is
 * the moment to adopt. Afterwards, under its lock, it finds the baseline in the ledger and runs it not.
 */
async function loadBaseline({ project, settings }: Source, memory: Memory): Promise<LoadedMigration> {
  const { baseline } = project;
  if (baseline === null) throw new Error('a baseline was listed where there is none');
  const outcome = await withServer(settings, (server) =>
    follow({
      server,
      project,
      catchUp: false,
      acceptDrift: [],
      // Without transactions Knex asks only after it has marked its lock as taken.
      lock: { isMarkOurs: settings.migrations.disableTransactions },
    }),
  );
  const refusal = refusalOf(outcome, baseline.name);
  if (refusal !== null) throw refusal;
  const loaded = await loadMigration(baseline.path);
  // Without a transaction Knex doesn't compare again: it runs this, and writes a second row, which the
  // next look at the ledger takes away.
  const up = async () => {
    memory.hasDouble = true;
  };
  return outcome.kind === 'fresh' ? loaded : { ...loaded, up };
}

async function tidyUp({ settings, project: { baseline } }: Source, knex: Knex): Promise<void> {
  await onSession(knex, async (client) =>
    deleteDoubles(client, await locateLedger(client, ledgerSettings(settings)), baseline?.name ?? ''),
  );
}

function overtaken(name: string): SquashError {
  return new SquashError('LEDGER_CHANGED', `"${name}" is replaced by a baseline and can't be run by itself`, {
    hint: 'Run the command again: it starts from what the ledger says now.',
  });
}
