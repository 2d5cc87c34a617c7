import { readFile } from 'node:fs/promises';
import type { BaselineMetadata } from '../baseline/metadata.js';
import { parseBaseline } from '../baseline/parse.js';
import type { Migration } from './migration.js';

/** A baseline among the migrations. */
export interface BaselineFile extends BaselineMetadata {
  /** Its name in the ledger. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/** The baselines of a history, in its order; read, never run. @throws SquashError BASELINE_INVALID */
export async function listBaselines(history: readonly Migration[]): Promise<readonly BaselineFile[]> {
  const found: BaselineFile[] = [];
  for (const { name, path, sha256 } of history) {
    if (path === null || !/baseline/.test(name)) continue;
    const metadata = parseBaseline(await readFile(path, 'utf8'), name);
    if (metadata !== null) found.push({ ...metadata, name, path, sha256 });
  }
  return found;
}
