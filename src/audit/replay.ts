import type { ClientConfig } from 'pg';
import { type AddressedCatalog, readAddressed } from '../catalog/read.js';
import { errorCode, inSnapshot, type Queryable, withClient } from '../database/client.js';
import { raiseFence } from '../database/fence.js';
import { type LedgerSettings, locateLedger } from '../history/ledger.js';
import type { Migration } from '../history/migration.js';
import { type ReplaySettings, replayHistory } from '../history/replay.js';
import { type Change, changesBetween, type MadeChange, type Segment, withMakers } from './changes.js';
import { type RowChange, readRowChanges, xidNow } from './rows.js';
import { type Maker, type Sent, watchedClient } from './watch.js';

/** One migration of a replay that was watched. */
export interface WatchedStep {
  readonly name: string;
  readonly milliseconds: number;
  readonly statements: readonly Pick<Sent, 'maker' | 'sql'>[];
  readonly changes: readonly MadeChange[];
  readonly rows: readonly RowChange[];
}

export interface WatchedReplay {
  readonly steps: readonly WatchedStep[];
  /** What the whole history built. */
  readonly built: AddressedCatalog;
}

/**
 * Replays a history on an empty shadow and reads the catalog after each migration, and within one
 * wherever another maker begins to send statements that could change an object: so it is seen, not
 * guessed from a text, what each migration did and whether Knex's schema builder did it.
 */
export async function watchReplay(
  shadow: ClientConfig,
  settings: ReplaySettings,
  migrations: readonly Migration[],
  onProgress: (name: string) => void,
): Promise<WatchedReplay> {
  const ledger = { ...settings.migrations, searchPath: settings.searchPath };
  const snapshot = () => withClient(shadow, (client) => inSnapshot(client, () => readOn(client, ledger)));
  const track = new Track(ledger, await snapshot());
  const client = watchedClient(settings.knexConfig.client, (sent) => track.sent(sent));
  const watched = { ...settings, knexConfig: { ...settings.knexConfig, client } };
  const steps: WatchedStep[] = [];
  let xid = await xidNow(shadow);
  await replayHistory(shadow, watched, migrations, async ({ name, milliseconds }) => {
    onProgress(name);
    const done = track.ended(await snapshot());
    const writes = done.statements.some(({ sql }) => !isAboutObjects(sql));
    const known = steps.flatMap((step) => step.rows);
    const rows = (await readRowChanges(shadow, track.now.catalog, known, xid)).filter(
      ({ before, after }) => writes || before !== after,
    );
    xid = await xidNow(shadow);
    steps.push({ name, milliseconds, ...done, rows });
  });
  return { steps, built: track.now };
}

/** Where a replay stands. */
class Track {
  /** The catalog as it was read last. */
  now: AddressedCatalog;
  #began: AddressedCatalog;
  #maker: Maker | null = null;
  #segments: Segment[] = [];
  #statements: Pick<Sent, 'maker' | 'sql'>[] = [];

  constructor(
    private readonly ledger: LedgerSettings,
    first: AddressedCatalog,
  ) {
    this.now = first;
    this.#began = first;
  }

  async sent({ maker, sql, session }: Sent): Promise<void> {
    if (isOfTheTool(sql, this.ledger)) return;
    const mayChange = maker !== 'query builder' && !/^\s*(insert|update|delete)\b/i.test(sql);
    if (mayChange && this.#maker !== null && this.#maker !== maker) {
      const found = await readWithin(session, this.ledger);
      if (found !== null) this.#close(found);
    }
    if (mayChange) this.#maker = maker;
    this.#statements.push({ maker, sql });
  }

  ended(found: AddressedCatalog): Pick<WatchedStep, 'statements' | 'changes'> {
    this.#close(found);
    const whole: readonly Change[] = changesBetween(this.#began, found);
    const done = { statements: this.#statements, changes: withMakers(whole, this.#segments) };
    this.#began = found;
    this.#segments = [];
    this.#statements = [];
    return done;
  }

  #close(found: AddressedCatalog): void {
    this.#segments.push({ by: this.#maker, changes: changesBetween(this.now, found) });
    this.now = found;
    this.#maker = null;
  }
}

/** Statements by which our migrator keeps the ledger and its transactions. */
function isOfTheTool(sql: string, { tableName }: LedgerSettings): boolean {
  return (
    /^\s*(begin|commit|rollback|savepoint|release|set transaction|show)\b/i.test(sql) ||
    sql.includes(tableName) ||
    /\b(pg_backend_pid|pg_try_advisory_lock_shared|to_regclass)\(/.test(sql)
  );
}

function isAboutObjects(sql: string): boolean {
  return /^\s*(create|alter|drop|comment|grant|revoke)\b/i.test(sql);
}

/** Reads on the session of a migration, in its transaction where it has one, and leaves no trace. */
async function readWithin(session: Queryable, ledger: LedgerSettings): Promise<AddressedCatalog | null> {
  const isInside = await session.query('SAVEPOINT knex_squash_audit').then(
    () => true,
    (error: unknown) => (errorCode(error) === '25P01' ? false : null),
  );
  // In a transaction that has failed already nothing can be read, and nothing more will come of it.
  if (isInside === null) return null;
  if (!isInside) await session.query('BEGIN');
  try {
    await session.query(raiseFence);
    return await readOn(session, ledger);
  } finally {
    await session.query(
      isInside ? 'ROLLBACK TO SAVEPOINT knex_squash_audit; RELEASE SAVEPOINT knex_squash_audit' : 'ROLLBACK',
    );
  }
}

async function readOn(client: Queryable, ledger: LedgerSettings): Promise<AddressedCatalog> {
  const { sql } = await locateLedger(client, ledger);
  return readAddressed(client, { ledger: Object.values(sql) });
}
