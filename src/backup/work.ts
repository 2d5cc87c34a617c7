import { availableParallelism } from 'node:os';

/** How far a dump or a restore has come. */
export type OnProgress = (progress: {
  readonly table: string;
  readonly tables: number;
  readonly of: number;
  readonly bytes: number;
}) => void;

/** How a restore goes about it. */
export interface RestoreWork {
  /** Sessions that work side by side, or null where nobody has said how many. */
  readonly jobs: number | null;
  readonly onProgress: OnProgress;
}

/** Sessions of our own engine where nobody says how many. */
export function defaultJobs(): number {
  return Math.min(4, availableParallelism());
}

/** Progress as a line: `3 of 20 tables, 12.5 MB: public.genes`. */
export function reporter({ onProgress }: { readonly onProgress?: (what: string) => void }): OnProgress {
  return ({ table, tables, of, bytes }) =>
    onProgress?.(`${tables} of ${of} tables, ${(bytes / 2 ** 20).toFixed(1)} MB: ${table}`);
}
