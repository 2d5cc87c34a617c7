import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { toolVersion } from '../version.js';

/** A folder of results that can be computed again, by what they were computed from. */
export interface Cache {
  /** Absolute; made where it is missing. */
  readonly folder: string;
}

const entrySchema = z.strictObject({ sha256: z.string(), value: z.unknown() });

/** A name for what a result depends on: the version of this tool is part of it. */
export function cacheKey(parts: readonly unknown[]): string {
  return hash(JSON.stringify([toolVersion, ...parts])).slice(0, 32);
}

/** The result of that key, or null; what was cut off or altered counts as none. */
export async function readCached<T>({ folder }: Cache, key: string): Promise<T | null> {
  const text = await readFile(join(folder, `${key}.json`), 'utf8').catch(() => '');
  try {
    const { sha256, value } = entrySchema.parse(JSON.parse(text));
    return sha256 === hash(JSON.stringify(value)) ? (value as T) : null;
  } catch {
    return null;
  }
}

/** Keeps a result; where the folder can't be written the next command computes it again. */
export async function writeCached({ folder }: Cache, key: string, value: unknown): Promise<void> {
  const staged = join(folder, `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(staged, JSON.stringify({ sha256: hash(JSON.stringify(value)), value }), { mode: 0o600 });
    await rename(staged, join(folder, `${key}.json`));
  } catch {
    await rm(staged, { force: true }).catch(() => {});
  }
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
