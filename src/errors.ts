/** Every way in which this product refuses. The set is closed: callers may switch over it. */
export type SquashErrorCode =
  | 'SETTINGS_INVALID'
  | 'HISTORY_EMPTY'
  | 'MIGRATION_INVALID'
  | 'MIGRATION_DUPLICATE'
  | 'MIGRATION_FAILED'
  | 'MIGRATION_INTERRUPTED'
  | 'MIGRATION_OUT_OF_ORDER'
  | 'HISTORY_UNSTABLE'
  | 'SERVER_UNREACHABLE'
  | 'SERVER_UNSUPPORTED'
  | 'EMBEDDED_UNAVAILABLE'
  | 'SHADOW_UNAVAILABLE'
  | 'OBJECT_UNSUPPORTED'
  | 'OBJECT_FILE_INVALID'
  | 'OBJECT_IN_USE'
  | 'CYCLE_UNSPLITTABLE'
  | 'ROLE_MISSING'
  | 'EXTENSION_MISSING'
  | 'VOLATILE_UNRULED'
  | 'PROOF_FAILED'
  | 'VERIFY_FAILED'
  | 'BASELINE_INVALID'
  | 'BASELINE_TAMPERED'
  | 'LEDGER_MISMATCH'
  | 'LEDGER_CHANGED'
  | 'DATABASE_DRIFTED'
  | 'DATABASE_FOREIGN'
  | 'LOCK_TIMEOUT'
  | 'ARCHIVE_INVALID'
  | 'ARCHIVE_MISSING'
  | 'BACKUP_INVALID'
  | 'BACKUP_MISSING'
  | 'BACKUP_DIFFERS'
  | 'DUMP_FAILED'
  | 'RESTORE_FAILED'
  | 'REGISTRY_MISSING'
  | 'REGISTRY_INVALID'
  | 'FILES_CHANGED'
  | 'FILE_UNWRITABLE'
  | 'NOT_CONFIRMED';

/** What an error may carry besides its message. */
export interface SquashErrorDetails {
  /** The next command or action that helps, as one sentence. */
  readonly hint?: string;
  /** The error that led here; its message is shown beneath ours. */
  readonly cause?: unknown;
}

/** A refusal with a code, the object and cause in its message, and the remedy in `hint`. */
export class SquashError extends Error {
  readonly code: SquashErrorCode;
  readonly hint: string | undefined;

  constructor(code: SquashErrorCode, message: string, details: SquashErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'SquashError';
    this.code = code;
    this.hint = details.hint;
  }
}

/** Whether `error` is one of ours; by shape, since loaders can give two copies of the class. */
export function isSquashError(error: unknown): error is SquashError {
  return (
    error instanceof Error && error.name === 'SquashError' && typeof (error as SquashError).code === 'string'
  );
}
