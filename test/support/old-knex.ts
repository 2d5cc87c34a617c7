import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type createKnex from 'knex';

const version = '2.5.1';

/** Knex 2, installed beside the project on demand; null, with the reason printed, where npm can't. */
export async function oldKnex(): Promise<typeof createKnex | null> {
  const folder = join(tmpdir(), `knex-squash-knex-${version}`);
  const entry = join(folder, 'node_modules/knex/knex.js');
  if (!existsSync(entry)) {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{ "private": true }');
    const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `knex@${version}`, 'pg@8'];
    try {
      await promisify(execFile)('npm', args, { cwd: folder });
    } catch (error) {
      console.warn(
        `not tested with knex 2, which npm can't install here: ${(error as Error).message.split('\n')[0]}`,
      );
      return null;
    }
  }
  return createRequire(import.meta.url)(entry) as typeof createKnex;
}
