/** The public API: each function is one command, on settings that loadSettings has parsed. */
export type { AdoptionOutcome } from './adopt/outcome.js';
export type { AuditedMigration, AuditResult } from './audit/result.js';
export { type AuditOptions, audit } from './audit.js';
export type { BackupManifest } from './backup/manifest.js';
export {
  type BackupOptions,
  backupFull,
  backupMigrations,
  type FullBackup,
  type VerifyOptions,
  verifyBackup,
} from './backup.js';
export type { Server } from './database/server.js';
export { isSquashError, SquashError, type SquashErrorCode, type SquashErrorDetails } from './errors.js';
export type { Migrator } from './history/migrator.js';
export { applyInit, type FileChange, type InitPlan, prepareInit } from './init.js';
export { type SquashConfig, squashSource } from './knex-source.js';
export {
  type ListedBackup,
  listBackups,
  type PrunedBackups,
  type PruneOptions,
  pruneBackups,
} from './list-backups.js';
export {
  adopt,
  down,
  type FollowOptions,
  type MigrateOptions,
  type UpOptions,
  type UpResult,
  up,
} from './migrate.js';
export { type CreateMigratorOptions, createMigrator } from './migrator.js';
export { type WriteObjectsOptions, type WrittenObjects, writeObjects } from './object-files.js';
export type { KeptObjects } from './objects/keep.js';
export { type ReplacedView, replaceView } from './replace-view.js';
export { type ResetOptions, type ResetResult, reset } from './reset.js';
export { type ResolveOptions, resolveMigration } from './resolve.js';
export {
  type RestoredMigrations,
  type RestoreOptions,
  restoreMigrations,
  type UndoneAdoption,
  undoAdoption,
} from './restore.js';
export { type RestoredDatabase, type RestoreFullOptions, restoreFull } from './restore-full.js';
export { loadSettings, type SettingsInput } from './settings/load.js';
export type { Settings } from './settings/settings.js';
export { type NothingToSquash, type Squashed, type SquashOptions, squash } from './squash.js';
export { type Status, status } from './status.js';
export type {
  Excused,
  Finding,
  KindCount,
  ObjectDifference,
  Trials,
  ValidateResult,
} from './validate/result.js';
export { type ValidateOptions, validate } from './validate.js';
export { toolVersion } from './version.js';
