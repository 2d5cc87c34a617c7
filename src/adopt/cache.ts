import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { toolVersion } from '../version.js';

/** A folder of results that can be computed again, by what they were computed from. */
export interface Cache {
  /** Absolute; made where it is missing. */
  readonly folder: string;
  /** What was read in the course of one command, by key: a second look costs nothing. */
  readonly read?: Map<string, unknown>;
}

/** A name for what a result depends on: the version of this tool is part of it. */
export function cacheKey(parts: readonly unknown[]): string {
  return hash(JSON.stringify([toolVersion, ...parts])).slice(0, 32);
}

/** The result of that key, or null; what was cut off or altered counts as none. */
export async function readCached<T>({ folder, read }: Cache, key: string): Promise<T | null> {
  if (read?.has(key)) return read.get(key) as T;
  const text = await readFile(pathOf(folder, key), 'utf8').catch(() => '');
  const [sha256 = ''] = text.split('\n', 1);
  const json = text.slice(sha256.length + 1);
  if (sha256 !== hash(json)) return null;
  const value = JSON.parse(json) as T;
  read?.set(key, value);
  return value;
}

/** Keeps a result; where the folder can't be written the next command computes it again. */
export async function writeCached({ folder, read }: Cache, key: string, value: unknown): Promise<void> {
  read?.delete(key);
  const staged = join(folder, `.${randomBytes(6).toString('hex')}.tmp`);
  try {
    await mkdir(folder, { recursive: true });
    const json = JSON.stringify(value);
    await writeFile(staged, `${hash(json)}\n${json}`, { mode: 0o600 });
    await rename(staged, pathOf(folder, key));
  } catch {
    await rm(staged, { force: true }).catch(() => {});
  }
}

/** A line with the hash of the JSON that follows it. */
function pathOf(folder: string, key: string): string {
  return join(folder, `${key}.json`);
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
