import { relative } from 'node:path';
import Table from 'cli-table3';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  backupFull,
  backupMigrations,
  type FullBackup,
  type ListedBackup,
  listBackups,
  pruneBackups,
  verifyBackup,
} from '../../index.js';
import { askYes } from '../ask.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

interface FullFlags extends CommonFlags {
  readonly engine?: 'pg_dump' | 'driver';
  readonly jobs?: number;
  readonly verify: boolean;
  readonly schemaOnly?: boolean;
  readonly globals?: boolean;
  readonly to?: string;
}

export function addBackupCommand(program: Command): void {
  const backup = program.command('backup').description('backups of the configured database');
  addFull(backup);
  addMigrations(backup);
  addVerify(backup);
  addList(backup);
  addPrune(backup);
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
    .option('--globals', "write the server's roles too, without passwords")
    .option('--to <folder>', 'make it in this folder instead of the backups')
    .action(async ({ engine, jobs, verify, schemaOnly, globals, to, ...flags }: FullFlags) => {
      const { settings, output, onServer } = await openContext(flags);
      const done = await backupFull(settings, {
        onServer,
        onProgress: (what) => output.progress(what),
        verify,
        schemaOnly: schemaOnly === true,
        globals: globals === true,
        ...(engine === undefined ? {} : { engine }),
        ...(jobs === undefined ? {} : { jobs }),
        ...(to === undefined ? {} : { to }),
      });
      output.result({ schemaVersion: 1, ...done }, lines(done, settings.root));
    });
}

function addMigrations(backup: Command): void {
  withCommonFlags(backup.command('migrations'))
    .description("back up the migration files, the ledger's rows and the schema")
    .option('--no-verify', "don't restore the schema at once")
    .option('--to <folder>', 'make it in this folder instead of the backups')
    .action(async ({ verify, to, ...flags }: Pick<FullFlags, 'verify' | 'to'> & CommonFlags) => {
      const { settings, output, onServer } = await openContext(flags);
      const done = await backupMigrations(settings, {
        onServer,
        onProgress: (what) => output.progress(what),
        verify,
        ...(to === undefined ? {} : { to }),
      });
      output.result({ schemaVersion: 1, ...done }, lines(done, settings.root));
    });
}

function addPrune(backup: Command): void {
  withCommonFlags(backup.command('prune'))
    .description('remove old backups, but never the last verified one')
    .requiredOption('--keep <n>', 'so many of each kind stay in any case', count)
    .option('--max-age <time>', 'younger ones stay: 30d, 12h', age)
    .option('--dry-run', 'say what would be done')
    .action(
      async ({
        keep,
        maxAge,
        dryRun,
        ...flags
      }: CommonFlags & { readonly keep: number; readonly maxAge?: number; readonly dryRun?: boolean }) => {
        const { settings, output } = await openContext(flags);
        const isTerminal = process.stdin.isTTY === true && flags.json !== true && flags.yes !== true;
        const prune = (dry: boolean) =>
          pruneBackups(settings, { keep, dryRun: dry, ...(maxAge === undefined ? {} : { maxAge }) });
        const planned = await prune(true);
        const isWanted =
          dryRun !== true &&
          (!isTerminal ||
            planned.removed.length === 0 ||
            (await askYes(`Remove ${planned.removed.join(', ')}?`)));
        const done = isWanted ? await prune(false) : planned;
        output.result({ schemaVersion: 1, dryRun: !isWanted, ...done }, [
          ...done.removed.map((name) => `${isWanted ? 'removed' : 'would remove'} ${name}`),
          `${done.kept.length} ${done.kept.length === 1 ? 'stays' : 'stay'}`,
        ]);
      },
    );
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

function lines({ folder, manifest, insteadOf }: FullBackup, root: string): readonly string[] {
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  const size = manifest.files.reduce((sum, file) => sum + file.size, 0);
  const what =
    manifest.kind === 'full'
      ? `${manifest.tables.length} tables with ${rows} rows`
      : `${manifest.migrations.length} migrations, ${manifest.ledger?.length ?? 0} rows of the ledger and the schema`;
  return [
    ...(insteadOf === undefined ? [] : [`pg_dump's backup was dropped: ${insteadOf}`]),
    `${relative(root, folder) || folder}: ${manifest.database.name}, ${what}, ${megabytes(size)}, by the ${manifest.engine} engine`,
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

const units: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** `30d` in milliseconds. */
function age(text: string): number {
  const [, number, unit = ''] = /^(\d+)([hdw])$/.exec(text) ?? [];
  if (number === undefined) throw new InvalidArgumentError('It must be as 30d, 12h or 8w.');
  return Number(number) * (units[unit] ?? 0);
}
