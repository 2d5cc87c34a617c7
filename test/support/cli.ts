import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import type { ChildEnd } from './child.js';
import { compiled } from './compile.js';
import { type Example, urlOf } from './example.js';

/** Runs the command line in a project's folder, with that environment besides. */
export async function runCli(
  args: readonly string[],
  { root, database }: Pick<Example, 'root' | 'database'>,
  env: NodeJS.ProcessEnv = {},
): Promise<ChildEnd> {
  const { JEST_WORKER_ID: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [compiled('src/cli/main.ts'), ...args], {
    cwd: root,
    env: { ...inherited, NODE_OPTIONS: '', NO_COLOR: '1', DATABASE_URL: urlOf(database), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  return { code, signal, stdout, stderr };
}
