import type { Knex } from 'knex';
import type { ClientConfig } from 'pg';
import type { RowSettings } from './rows.js';
import type { ValidateSettings } from './validate.js';

/** Where the history lies and how Knex was told to treat it; Knex's own names and meaning. */
export interface MigrationSettings {
  /** Absolute folders, in Knex's order. The baseline goes to the folder of the first replaced file. */
  readonly directories: readonly string[];
  readonly sortDirsSeparately: boolean;
  /** Extensions with their dot, as Knex's `loadExtensions`. */
  readonly loadExtensions: readonly string[];
  /** The ledger's table; Knex's default is `knex_migrations`. Its lock table adds `_lock`, ours `_revision`. */
  readonly tableName: string;
  /** The ledger's schema, or null for the first of the search_path. */
  readonly schemaName: string | null;
  /** Knex's `disableTransactions`. */
  readonly disableTransactions: boolean;
  /** A custom migration source, where the knexfile sets one. */
  readonly migrationSource: Knex.MigrationSource<unknown> | null;
  /** Whether a ledger's `1.ts` and the file `1.js` are one migration. */
  readonly sameName: 'exact' | 'without extension';
}

/** Of the pool only the hook remains that readies each new session: people SET ROLE or search_path there. */
export type KnexConfig = Omit<Knex.Config, 'connection' | 'connectionPool' | 'migrations' | 'pool'> & {
  readonly pool?: { readonly afterCreate: NonNullable<Knex.PoolConfig['afterCreate']> };
};

/** Shell commands from stdin to stdout, such as `age -r …` and `age -d -i …`. */
export interface EncryptionSettings {
  readonly encrypt: string;
  readonly decrypt: string;
}

/** All that a command needs to know, parsed once at the boundary (load.ts), then only read. */
export interface Settings {
  /** Absolute folder of the knexfile, or the working directory: the project. */
  readonly root: string;
  /** Absolute path of the knexfile, where there is one. */
  readonly knexfile: string | null;
  /** The key in the knexfile that was used, if it has environments. */
  readonly environment: string;
  /** The configured database; null means the embedded server of this project. */
  readonly connection: ClientConfig | null;
  /** The server on which shadows are made, where it isn't the configured one. */
  readonly shadowConnection: ClientConfig | null;
  /** Knex's `searchPath`, or null for the server's default. */
  readonly searchPath: readonly string[] | null;
  /** The rest of the user's Knex configuration, for instances that run migrations (connection left out). */
  readonly knexConfig: KnexConfig;
  readonly migrations: MigrationSettings;
  /** Absolute folder of archives and dumps; default `<root>/backups`. */
  readonly backups: string;
  /** Absolute folder for the embedded server and caches; default `<root>/.knex-squash`, git-ignored. */
  readonly stateDirectory: string;
  /** By what backups are encrypted, or null where they aren't. */
  readonly encryption: EncryptionSettings | null;
  /** What a baseline does with rows. */
  readonly rows: RowSettings;
  /** What `validate` looks at, and what it lets through. */
  readonly validate: ValidateSettings;
}
