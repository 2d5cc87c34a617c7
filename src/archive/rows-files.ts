import { dirname, join } from 'node:path';
import { hashOf } from '../files/durable.js';
import type { BaselineFile } from '../history/baselines.js';
import type { Flaw } from '../history/state.js';

/** A file of rows that lies beside a baseline. */
export interface RowsFilePlace {
  readonly path: string;
  readonly sha256: string;
}

/** The files of rows that belong to a baseline, by absolute path. */
export function rowsFilesOf({ path, rows }: Pick<BaselineFile, 'path' | 'rows'>): readonly RowsFilePlace[] {
  return rows.files.map(({ file, sha256 }) => ({ path: join(dirname(path), file), sha256 }));
}

/**
 * Files of rows that aren't the proved ones. One that is missing is no flaw here: only a database
 * that is built anew needs it, and the baseline says so itself.
 */
export async function flawsOfRowsFiles(baseline: BaselineFile): Promise<readonly Flaw[]> {
  const flaws: Flaw[] = [];
  for (const { file, sha256 } of baseline.rows.files) {
    const found = await hashOf(join(dirname(baseline.path), file));
    if (found !== null && found !== sha256)
      flaws.push({ name: file, reason: 'is not the file of rows that was proved' });
  }
  return flaws;
}
