import { mkdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SquashError } from './errors.js';
import { replaceDurably } from './files/durable.js';
import { type InitPlan, type ProjectFiles, planInit, workflowPath } from './init/plan.js';
import { findKnexfile } from './settings/knexfile.js';

export type { FileChange, InitPlan } from './init/plan.js';

/**
 * What has to be written so that a project can use knex-squash; see {@link applyInit}.
 *
 * @param folder absolute: the project's.
 * @throws SquashError SETTINGS_INVALID when package.json can't be read as JSON.
 */
export async function prepareInit(folder: string): Promise<InitPlan> {
  const files = await readProject(folder);
  try {
    return planInit(files);
  } catch (cause) {
    throw new SquashError('SETTINGS_INVALID', `${join(folder, 'package.json')} is no JSON`, {
      hint: 'Put it right, then run knex-squash init again.',
      cause,
    });
  }
}

/** Writes what was planned, each file as a whole. */
export async function applyInit(folder: string, { changes }: InitPlan): Promise<void> {
  for (const { path, text } of changes) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await replaceDurably(join(folder, path), text);
  }
}

async function readProject(folder: string): Promise<ProjectFiles> {
  const read = (path: string) =>
    readFile(join(folder, path), 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw error;
    });
  const knexfile = findKnexfile(folder);
  return {
    packageJson: await read('package.json'),
    gitignore: await read('.gitignore'),
    workflow: await read(workflowPath),
    knexfile: knexfile === null ? null : basename(knexfile),
  };
}
