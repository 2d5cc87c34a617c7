import { relative } from 'node:path';
import Table from 'cli-table3';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { backupFull, type FullBackup, type ListedBackup, listBackups, verifyBackup } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

interface FullFlags extends CommonFlags {
  readonly engine?: 'pg_dump' | 'driver';
  readonly jobs?: number;
  readonly verify: boolean;
  readonly schemaOnly?: boolean;
  readonly to?: string;
}

export function addBackupCommand(program: Command): void {
  const backup = program.command('backup').description('backups of the configured database');
  addFull(backup);
  addVerify(backup);
  addList(backup);
}

function addFull(backup: Command): void {
  withCommonFlags(backup.command('full'))
    .description('back the whole database up, and prove it by restoring it into a scratch database')
    .addOption(
      new Option('--engine <engine>', 'pg_dump, or our own; by default pg_dump where one fits').choices([
        'pg_dump',
        'driver',
      ]),
    )
    .option('--jobs <n>', 'tables that are copied side by side', count)
    .option('--no-verify', "don't restore it at once")
    .option('--schema-only', 'leave the rows out')
    .option('--to <folder>', 'make it in this folder instead of the backups')
    .action(async ({ engine, jobs, verify, schemaOnly, to, ...flags }: FullFlags) => {
      const { settings, output, onServer } = await openContext(flags);
      const done = await backupFull(settings, {
        onServer,
        onProgress: (what) => output.progress(what),
        verify,
        schemaOnly: schemaOnly === true,
        ...(engine === undefined ? {} : { engine }),
        ...(jobs === undefined ? {} : { jobs }),
        ...(to === undefined ? {} : { to }),
      });
      output.result({ schemaVersion: 1, ...done }, lines(done, settings.root));
    });
}

function addVerify(backup: Command): void {
  withCommonFlags(backup.command('verify'))
    .description('check every byte of a backup, restore it into a scratch database, and compare')
    .argument('<backup>', 'its name in the backups, or a path')
    .option('--jobs <n>', 'tables that are copied side by side', count)
    .action(async (name: string, { jobs, ...flags }: CommonFlags & { readonly jobs?: number }) => {
      const { settings, output, onServer } = await openContext(flags);
      const done = await verifyBackup(settings, name, {
        onServer,
        onProgress: (what) => output.progress(what),
        ...(jobs === undefined ? {} : { jobs }),
      });
      output.result({ schemaVersion: 1, ...done }, lines(done, settings.root));
    });
}

function addList(backup: Command): void {
  withCommonFlags(backup.command('list'))
    .description('the backups of whole databases, the latest first')
    .action(async (flags: CommonFlags) => {
      const { settings, output } = await openContext(flags);
      const found = await listBackups(settings);
      const table = new Table({
        head: ['backup', 'database', 'engine', 'size', 'revision', 'verified'],
        style: { head: [], border: [] },
      });
      for (const each of found) table.push(row(each));
      const none = `no backup of a whole database lies in ${settings.backups}`;
      output.result({ schemaVersion: 1, backups: found }, [found.length === 0 ? none : table.toString()]);
    });
}

function row({ name, manifest, size }: ListedBackup): string[] {
  if (manifest === null) return [name, '', '', '', '', 'manifest altered or missing'];
  const { database, engine, revision, verified, schemaOnly } = manifest;
  return [
    name,
    schemaOnly ? `${database.name} (schema only)` : database.name,
    engine,
    megabytes(size),
    revision ?? '',
    verified?.at ?? 'no',
  ];
}

function lines({ folder, manifest }: FullBackup, root: string): readonly string[] {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const size = manifest.files.reduce((sum, file) => sum + file.size, 0);
  return [
    `${relative(root, folder) || folder}: ${manifest.database.name}, ${manifest.tables.length} tables with ${rows} rows, ${megabytes(size)}, by the ${manifest.engine} engine`,
    manifest.verified === null
      ? 'not verified: knex-squash backup verify does it'
      : `verified: restored into a scratch database, and equal in catalog, rows, sequences and grants`,
  ];
}

function megabytes(bytes: number): string {
  return bytes < 2 ** 20 ? `${Math.ceil(bytes / 1024)} kB` : `${(bytes / 2 ** 20).toFixed(1)} MB`;
}

export function count(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('It must be a whole number, at least 1.');
  return value;
}
