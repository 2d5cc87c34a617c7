import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Packs the package and asks publint and attw whether others can install and import it. */
const folder = mkdtempSync(join(tmpdir(), 'knex-squash-pack-'));
const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
try {
  const packed = execFileSync(npm, ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
    encoding: 'utf8',
  });
  const [{ filename, files, version }] = JSON.parse(packed);
  const strangers = files
    .map(({ path }) => path)
    .filter((path) => !/^(dist\/|package\.json$|[A-Z]+(\.md)?$)/.test(path));
  if (strangers.length > 0) throw new Error(`the package would contain ${strangers.join(', ')}`);
  const printed = execFileSync(process.execPath, ['dist/cli/main.js', '--version'], {
    encoding: 'utf8',
  }).trim();
  if (printed !== version)
    throw new Error(`the built program calls itself ${printed}, the package ${version}`);
  execFileSync(npx, ['publint', '--strict'], { stdio: 'inherit' });
  execFileSync(npx, ['attw', '--profile', 'esm-only', join(folder, filename)], { stdio: 'inherit' });
} finally {
  rmSync(folder, { recursive: true, force: true });
}
