import { relative } from 'node:path';
import type { Command } from 'commander';
import { restoreMigrations } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

export function addRestoreCommand(program: Command): void {
  const restore = program.command('restore').description('the way back');
  withCommonFlags(restore.command('migrations'))
    .description("put a squash's original files and the ledger rows of the configured database back")
    .option('--from <archive>', 'the archive: its name in the backups, or a path; by default the newest')
    .option('--dry-run', 'say what would be done')
    .action(async (flags: CommonFlags & { readonly from?: string; readonly dryRun?: boolean }) => {
      const { settings, output, onServer } = await openContext(flags);
      const { from, dryRun } = flags;
      const done = await restoreMigrations(settings, {
        onServer,
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
