import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive } from './process.js';

/** Puts down that this process uses the server, and returns the file that says so. */
export function registerClient(folder: string): string {
  const file = join(folder, `${process.pid}-${randomBytes(4).toString('hex')}`);
  writeFileSync(file, '', { mode: 0o600 });
  return file;
}

/** Takes that back. */
export function unregisterClient(file: string): void {
  rmSync(file, { force: true });
}

/**
 * Whether anybody uses the server that was started at `startedAt` (seconds since the epoch). Files of
 * dead processes don't count, nor do those from before that start: their server is another.
 */
export function hasClients(folder: string, startedAt: number): boolean {
  const files = readdirSync(folder).map((name) => join(folder, name));
  const dead = files.filter((file) => !isInUse(file, startedAt));
  for (const file of dead) rmSync(file, { force: true });
  return dead.length < files.length;
}

function isInUse(file: string, startedAt: number): boolean {
  const pid = Number.parseInt(file.split(/[\\/]/).at(-1) ?? '', 10);
  const since = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return since >= startedAt * 1000 && isAlive(pid);
}
