import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';
import { withShadow } from './database/shadow.js';
import { SquashError } from './errors.js';
import { shadowEnvironment } from './history/environment.js';
import type { Migration } from './history/migration.js';
import { replayHistory } from './history/replay.js';
import { type BaselineFiles, layOut } from './prove-baseline.js';
import type { Settings } from './settings/settings.js';
import { type ShadowServer, shadowOptions } from './shadows.js';

/** A command of the project's own that must succeed on what the baseline builds. */
export interface Verification {
  /** As a shell takes it: `npm test`. */
  readonly command: string;
  /** Told what the command prints, as it comes. */
  readonly onOutput: (text: string) => void;
}

/** So many characters of a failed command's output are shown. */
const shown = 4000;

/**
 * Builds a database from the baseline and what stays files, and runs the command in the project's
 * folder with an environment that leads to that database alone: DATABASE_URL and libpq's variables.
 *
 * @throws SquashError VERIFY_FAILED with the end of its output when it exits with anything but 0.
 */
export async function verifyByCommand(
  server: ShadowServer,
  settings: Settings,
  baseline: BaselineFiles,
  later: readonly Migration[],
  verification: Verification,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'knex-squash-verify-'));
  try {
    const migrations = [await layOut(baseline, folder), ...later];
    const options = await shadowOptions(server, settings, migrations);
    await withShadow(server.shadow, options, async (database) => {
      await replayHistory(database, settings, migrations);
      await runOn(database, settings, verification);
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runOn(
  database: ClientConfig,
  { root, connection }: Settings,
  { command, onOutput }: Verification,
): Promise<void> {
  const env = { ...process.env, ...shadowEnvironment(process.env, database, connection) };
  const child = spawn(command, { shell: true, cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let end = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      end = (end + text).slice(-shown);
      onOutput(text);
    });
  }
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  if (code === 0) return;
  const how = code === null ? `was ended by ${signal}` : `exited with ${code}`;
  throw new SquashError(
    'VERIFY_FAILED',
    `"${command}" ${how} on the database that the baseline built:\n${end.trimEnd()}`,
    { hint: 'Nothing was written. It has DATABASE_URL for that database: check that it uses it.' },
  );
}
