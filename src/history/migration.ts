import type { Knex } from 'knex';

/** A migration's module once it is loaded: what Knex itself would call. */
export interface LoadedMigration {
  up(knex: Knex): Promise<unknown>;
  down?: ((knex: Knex) => Promise<unknown>) | undefined;
  /** Knex's per-migration settings. */
  readonly config?: { readonly transaction?: boolean } | undefined;
}

/** One migration of the history, not yet loaded. */
export interface Migration {
  /** The name in the ledger, extension included. */
  readonly name: string;
  /** Absolute path, or null where a custom source has no file. */
  readonly path: string | null;
  /** Hex sha256 of the file's bytes (of the functions' text where there is no file). */
  readonly sha256: string;
  /** Loads the module anew. @throws SquashError MIGRATION_INVALID when it is empty, broken or has no `up`. */
  load(): Promise<LoadedMigration>;
}

/** A row of Knex's ledger as the database has it. */
export interface LedgerRow {
  readonly id: number;
  readonly name: string;
  readonly batch: number;
  /** `migration_time` as PostgreSQL prints it in UTC and ISO style, to the microsecond. */
  readonly migrationTime: string | null;
}
