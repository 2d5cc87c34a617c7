import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { compiled } from './compile.js';
import { withProject } from './project.js';

const root = process.cwd();

/** How a child process ended. */
export interface ChildEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Runs a TypeScript text in a process of its own, through jiti and outside of Jest. `#src/` in it
 * stands for the compiled sources; `args` are the last of its `process.argv`.
 */
export async function runChild(
  script: string,
  options: { args?: readonly string[]; env?: NodeJS.ProcessEnv; uid?: number } = {},
): Promise<ChildEnd> {
  const { JEST_WORKER_ID: _, ...inherited } = process.env;
  const files = { 'child.ts': script.replaceAll("'#src/", `'${compiled('src')}/`) };
  return withProject(files, async (folder) => {
    // Another account has to read it.
    await chmod(folder, 0o755);
    const jiti = join(root, 'node_modules/jiti/lib/jiti-cli.mjs');
    const child = spawn(process.execPath, [jiti, join(folder, 'child.ts'), ...(options.args ?? [])], {
      env: { ...inherited, NODE_OPTIONS: '', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    });
    const [stdout, stderr, [code, signal]] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
    ]);
    return { code, signal, stdout, stderr };
  });
}
