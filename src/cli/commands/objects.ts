import type { Command } from 'commander';
import { writeObjects } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

/** `objects`: one file for each view, function, trigger and policy. */
export function addObjectsCommand(program: Command): void {
  withCommonFlags(program.command('objects'))
    .description(
      'write views, materialized views, functions, procedures, triggers and policies as one SQL file each, which up keeps true from then on',
    )
    .option('--dry-run', 'say what would be written')
    .action(async (flags: CommonFlags & { readonly dryRun?: boolean }) => {
      const { settings, output, onServer } = await openContext(flags);
      const dryRun = flags.dryRun === true;
      const { folder, written, unchanged, without } = await writeObjects(settings, { dryRun, onServer });
      const verb = dryRun ? 'would write' : 'wrote';
      output.result({ schemaVersion: 1, dryRun, folder, written, unchanged, without }, [
        ...written.map((path) => `${verb} ${path}`),
        ...without.map((path) => `${path} has no object in this database`),
        `${verb} ${written.length} files below ${folder}; ${unchanged.length} were true already`,
      ]);
    });
}
