import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { SquashError } from '../../errors.js';
import { isAlive } from './process.js';

/** Milliseconds between two looks at a lock that somebody else holds. */
const pollInterval = 25;

/** Milliseconds after which an unsigned lock or a guard counts as left behind by a killed process. */
const abandonedAfter = 5_000;

/** The locks of this process: after a restart in a container a dead holder can have had our pid. */
const held = new Set<string>();

/**
 * Runs `fn` while this process alone holds the lock file `path`. A lock whose holder has died is
 * broken.
 *
 * @throws SquashError EMBEDDED_UNAVAILABLE when it isn't free within `patience` milliseconds.
 */
export async function withLockFile<T>(path: string, fn: () => Promise<T>, patience = 60_000): Promise<T> {
  const deadline = Date.now() + patience;
  while (!tryLock(path)) {
    if (Date.now() > deadline) throw stillLocked(path);
    await sleep(pollInterval);
  }
  try {
    return await fn();
  } finally {
    unlock(path);
  }
}

/** As {@link withLockFile} where nothing may wait, in an exit handler; runs `fn` in any case. */
export function withLockFileSync(path: string, fn: () => void, patience: number): void {
  const deadline = Date.now() + patience;
  const pause = new Int32Array(new SharedArrayBuffer(4));
  let locked = tryLock(path);
  while (!locked && Date.now() < deadline) {
    Atomics.wait(pause, 0, 0, pollInterval);
    locked = tryLock(path);
  }
  try {
    fn();
  } finally {
    if (locked) unlock(path);
  }
}

function tryLock(path: string): boolean {
  if (create(path)) return true;
  breakStale(path);
  return false;
}

function create(path: string): boolean {
  try {
    writeFileSync(path, String(process.pid), { flag: 'wx', mode: 0o600 });
    held.add(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function unlock(path: string): void {
  held.delete(path);
  rmSync(path, { force: true });
}

/** Two who find the same lock stale must not break each other's next one: a second lock guards the look. */
function breakStale(path: string): void {
  if (!isStale(path)) return;
  const guard = `${path}.break`;
  try {
    writeFileSync(guard, '', { flag: 'wx', mode: 0o600 });
  } catch {
    if (age(guard) > abandonedAfter) rmSync(guard, { force: true });
    return;
  }
  try {
    if (isStale(path)) rmSync(path, { force: true });
  } finally {
    rmSync(guard, { force: true });
  }
}

function isStale(path: string): boolean {
  const holder = readHolder(path);
  // Between its creation and its signature a lock is empty for an instant.
  if (holder === null) return age(path) > abandonedAfter;
  return holder === process.pid ? !held.has(path) : !isAlive(holder);
}

function readHolder(path: string): number | null {
  try {
    return Number.parseInt(readFileSync(path, 'utf8'), 10) || null;
  } catch {
    return null;
  }
}

function age(path: string): number {
  const modified = statSync(path, { throwIfNoEntry: false })?.mtimeMs;
  return modified === undefined ? 0 : Date.now() - modified;
}

function stillLocked(path: string): SquashError {
  return new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `another process (pid ${readHolder(path) ?? 'unknown'}) has kept the embedded server's lock ${path}`,
    { hint: 'Wait for it or end it, then try again.' },
  );
}
