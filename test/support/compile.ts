import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { transformFileSync } from '@swc/core';

/** What child processes run besides the sources themselves. */
const programs = ['test/support/racer.ts'];

/**
 * Compiles the sources for tests that start processes of their own, and returns what removes them: Node
 * starts them in half a second, jiti in four. Below node_modules they find the same packages.
 */
export function compileSources(): () => void {
  const cache = join(process.cwd(), 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'knex-squash-test-'));
  // Some of them run as another account.
  chmodSync(folder, 0o755);
  cpSync('package.json', join(folder, 'package.json'));
  const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => join('src', path));
  for (const path of [...sources, ...programs]) {
    const target = join(folder, path.replace(/\.ts$/, '.js'));
    const { code } = transformFileSync(path, {
      jsc: { target: 'es2023', parser: { syntax: 'typescript' } },
      module: { type: 'es6' },
      sourceMaps: 'inline',
      swcrc: false,
    });
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code);
  }
  process.env.TEST_COMPILED = folder;
  return () => rmSync(folder, { recursive: true, force: true });
}

/** The compiled form of a source: `compiled('src/cli/main.ts')`. */
export function compiled(path: string): string {
  const folder = process.env.TEST_COMPILED;
  if (folder === undefined) throw new Error('global-setup.mjs did not run: start tests by scripts/test.mjs');
  return join(folder, path.replace(/\.ts$/, '.js'));
}
