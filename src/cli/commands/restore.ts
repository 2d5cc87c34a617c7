import { relative } from 'node:path';
import type { Command } from 'commander';
import { restoreFull, restoreMigrations } from '../../index.js';
import { askName, askWhich } from '../ask.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';
import { count } from './backup.js';

export function addRestoreCommand(program: Command): void {
  const restore = program.command('restore').description('the way back');
  addMigrations(restore);
  addFull(restore);
}

interface FullFlags extends CommonFlags {
  readonly from?: string;
  readonly into?: string;
  readonly clean?: boolean;
  readonly jobs?: number;
  readonly yesReally?: string;
  readonly allowProduction?: boolean;
  readonly dryRun?: boolean;
}

function addFull(restore: Command): void {
  withCommonFlags(restore.command('full'))
    .description('put a whole database back: restored beside, compared, then swapped; the old one is kept')
    .option('--from <backup>', 'its name in the backups, or a path; by default the newest verified one')
    .option('--into <database>', 'make a new database of that name, and leave the configured one alone')
    .option(
      '--clean',
      'where this role may not swap databases: drop everything in it and restore, in one transaction',
    )
    .option('--jobs <n>', 'tables that are copied side by side', count)
    .option('--yes-really <database>', "confirm it by the database's name; asked for on a terminal")
    .option('--allow-production', 'allow it under NODE_ENV=production')
    .option('--dry-run', 'check the backup and say what would be done')
    .action(async ({ from, into, clean, jobs, yesReally, allowProduction, dryRun, ...flags }: FullFlags) => {
      const { settings, output, onServer } = await openContext(flags);
      const isTerminal = process.stdin.isTTY === true && flags.json !== true;
      const done = await restoreFull(settings, {
        onServer,
        onProgress: (what) => output.progress(what),
        confirmed: yesReally ?? null,
        ...(isTerminal ? { ask: askName('It will be replaced.') } : {}),
        allowProduction: allowProduction === true,
        clean: clean === true,
        dryRun: dryRun === true,
        ...(from === undefined ? {} : { from }),
        ...(into === undefined ? {} : { into }),
        ...(jobs === undefined ? {} : { jobs }),
      });
      const { database, kept, tables, rows, continued, inPlace } = done;
      const verb = dryRun === true ? 'would restore' : continued ? 'finished the restore of' : 'restored';
      const old = dryRun === true ? 'would be kept as' : 'is kept as';
      output.result({ schemaVersion: 1, dryRun: dryRun === true, ...done }, [
        `${verb} ${database} from ${relative(settings.root, done.backup)}: ${tables} tables with ${rows} rows${inPlace ? ', in place' : ''}`,
        ...(kept === null ? [] : [`the former database ${old} ${kept}: drop it once you are sure`]),
      ]);
    });
}

function addMigrations(restore: Command): void {
  withCommonFlags(restore.command('migrations'))
    .description("put a squash's original files and the ledger rows of the configured database back")
    .option('--from <archive>', 'the archive: its name in the backups, or a path; by default the newest')
    .option('--dry-run', 'say what would be done')
    .action(async (flags: CommonFlags & { readonly from?: string; readonly dryRun?: boolean }) => {
      const { settings, output, onServer } = await openContext(flags);
      const { from, dryRun } = flags;
      const isTerminal = process.stdin.isTTY === true && flags.json !== true && flags.yes !== true;
      const done = await restoreMigrations(settings, {
        onServer,
        ...(isTerminal
          ? { choose: (names: readonly string[]) => askWhich('Restore from which?', names) }
          : {}),
        dryRun: dryRun === true,
        ...(from === undefined ? {} : { from }),
      });
      const place = (path: string): string => relative(settings.root, path);
      const verb = dryRun === true ? 'would restore' : 'restored';
      output.result({ schemaVersion: 1, dryRun: dryRun === true, ...done }, [
        `${verb} ${done.restored.length} files from ${place(done.archive)}`,
        ...(done.removed === null
          ? []
          : [`${dryRun === true ? 'would remove' : 'removed'} ${place(done.removed)}`]),
        ...(done.ledger.length === 0 ? [] : [`gave the ledger ${done.ledger.length} rows back`]),
      ]);
    });
}
