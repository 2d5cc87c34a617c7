import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chooseAccount, commandLine } from './account.js';
import type { Binaries } from './binaries.js';

/**
 * The programs of the PostgreSQL servers of that major that are installed on this machine: in PG_BIN, on
 * the PATH, and where the packages of the systems put them, in this order.
 */
export function installedBinaries(major: number, env: NodeJS.ProcessEnv = process.env): readonly Binaries[] {
  const folders = [env.PG_BIN ?? '', ...(env.PATH ?? '').split(delimiter), ...packageFolders(major)];
  return [...new Set(folders)]
    .filter((folder) => folder !== '')
    .map((folder) => binariesIn(folder, major))
    .filter((binaries) => existsSync(binaries.initdb) && existsSync(binaries.postgres))
    .filter((binaries) => majorOf(binaries.postgres) === major);
}

/** Which of these extensions a server of these programs can't make: it has no control file of theirs. */
export function lackingExtensions(binaries: Binaries, names: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const share = shareFolder(binaries);
  return names.filter((name) => !existsSync(join(share, 'extension', `${name}.control`)));
}

/** Debian, Red Hat, Homebrew (two places), Postgres.app and the installer for Windows. */
function packageFolders(major: number): readonly string[] {
  return [
    `/usr/lib/postgresql/${major}/bin`,
    `/usr/pgsql-${major}/bin`,
    `/opt/homebrew/opt/postgresql@${major}/bin`,
    `/usr/local/opt/postgresql@${major}/bin`,
    `/Applications/Postgres.app/Contents/Versions/${major}/bin`,
    `C:\\Program Files\\PostgreSQL\\${major}\\bin`,
  ];
}

function binariesIn(folder: string, major: number): Binaries {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const program = (name: string): string => join(folder, name + suffix);
  return { initdb: program('initdb'), postgres: program('postgres'), pgCtl: program('pg_ctl'), major };
}

function majorOf(postgres: string): number | null {
  try {
    const version = execFileSync(postgres, ['--version'], { encoding: 'utf8', windowsHide: true });
    return Number(/\(PostgreSQL\) (\d+)/.exec(version)?.[1]);
  } catch {
    return null;
  }
}

/** `initdb --show` tells where it takes its files from, and makes nothing. */
function shareFolder({ initdb }: Binaries): string {
  const nowhere = join(tmpdir(), 'knex-squash-no-such-cluster');
  const [program, words] = commandLine(chooseAccount(nowhere), initdb, ['--show', '-D', nowhere]);
  const { stderr } = spawnSync(program, words, { encoding: 'utf8', windowsHide: true });
  return /^share_path=(.*)$/m.exec(stderr ?? '')?.[1]?.trim() ?? '';
}
