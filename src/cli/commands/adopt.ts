import type { Command } from 'commander';
import { adopt, resolveMigration, SquashError, undoAdoption } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';
import { adoptionLines, collect } from './migrate.js';

/** `adopt` and `resolve`: what writes to a ledger and runs nothing. */
export function addLedgerCommands(program: Command): void {
  addAdopt(program);
  addResolve(program);
}

interface AdoptFlags extends CommonFlags {
  readonly acceptDrift: readonly string[];
  readonly undo?: boolean;
}

function addAdopt(program: Command): void {
  withCommonFlags(program.command('adopt'))
    .description("let a fully migrated database's ledger name the baseline; runs nothing")
    .option(
      '--accept-drift <object>',
      'let this object differ, such as "index public.x"; repeatable',
      collect,
      [],
    )
    .option('--undo', 'give the ledger back as it was before')
    .action(async (flags: AdoptFlags) => {
      const { settings, output, onServer } = await openContext(flags);
      if (flags.undo === true) {
        const { baseline, ledger } = await undoAdoption(settings, { onServer });
        output.result({ schemaVersion: 1, baseline, ledger }, [
          `gave the ledger ${ledger.length} rows back in place of ${baseline}`,
        ]);
        return;
      }
      const onReplayed = (name: string) => output.progress(`on a shadow: ${name}`);
      const { baseline, outcome } = await adopt(settings, {
        onServer,
        onReplayed,
        acceptDrift: flags.acceptDrift,
      });
      const lines =
        outcome.kind === 'adopted'
          ? adoptionLines(outcome)
          : outcome.kind === 'fresh'
            ? ['the database is empty: npx knex-squash up builds it']
            : [`${baseline} was adopted already`];
      output.result({ schemaVersion: 1, baseline, outcome }, lines);
    });
}

interface ResolveFlags extends CommonFlags {
  readonly applied?: string;
  readonly rolledBack?: string;
}

function addResolve(program: Command): void {
  withCommonFlags(program.command('resolve'))
    .description('say how a migration without a transaction ended that broke off; runs nothing')
    .option('--applied <name>', 'all of it is in the database')
    .option('--rolled-back <name>', 'nothing of it is in the database')
    .action(async (flags: ResolveFlags) => {
      const { settings, output, onServer } = await openContext(flags);
      const { applied, rolledBack } = flags;
      const name = applied ?? rolledBack;
      if (name === undefined || (applied !== undefined && rolledBack !== undefined)) {
        throw new SquashError('SETTINGS_INVALID', 'resolve needs either --applied or --rolled-back', {
          hint: 'npx knex-squash status names the migration that broke off.',
        });
      }
      const as = applied === undefined ? 'rolled back' : 'applied';
      await resolveMigration(settings, { name, as, onServer });
      output.result({ schemaVersion: 1, name, as }, [`${name} counts as ${as}`]);
    });
}
