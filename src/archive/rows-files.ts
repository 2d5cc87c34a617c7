import { dirname, join } from 'node:path';
import type { BaselineFile } from '../history/baselines.js';

/** A file of rows that lies beside a baseline. */
export interface RowsFilePlace {
  readonly path: string;
  readonly sha256: string;
}

/** The files of rows that belong to a baseline, by absolute path. */
export function rowsFilesOf({ path, rows }: Pick<BaselineFile, 'path' | 'rows'>): readonly RowsFilePlace[] {
  return rows.files.map(({ file, sha256 }) => ({ path: join(dirname(path), file), sha256 }));
}
