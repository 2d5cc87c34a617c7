import { readFile } from 'node:fs/promises';
import { type BaselineMetadata, metadataSchema } from '../baseline/metadata.js';
import { parseBaseline } from '../baseline/parse.js';
import type { Migration } from './migration.js';

/** A baseline among the migrations. */
export interface BaselineFile extends BaselineMetadata {
  /** Its name in the ledger. */
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/** The baselines of a history, in its order; read, not loaded. @throws SquashError BASELINE_INVALID */
export async function listBaselines(history: readonly Migration[]): Promise<readonly BaselineFile[]> {
  const found: BaselineFile[] = [];
  for (const migration of history) {
    const { name, path, sha256 } = migration;
    if (path === null || !/baseline/.test(name)) continue;
    const metadata = parseBaseline(await readFile(path, 'utf8'), name) ?? (await exportedBy(migration));
    if (metadata !== null) found.push({ ...metadata, name, path, sha256 });
  }
  return found;
}

/** A build can drop the comments by which metadata are found in a text; what is exported stays. */
async function exportedBy({ name, load }: Migration): Promise<BaselineMetadata | null> {
  if (!/_baseline_[0-9a-f]{12}\.[^.]+$/.test(name)) return null;
  const { baseline } = (await load()) as { readonly baseline?: unknown };
  return metadataSchema.safeParse(baseline).data ?? null;
}
