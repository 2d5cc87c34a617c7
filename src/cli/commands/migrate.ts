import type { Command } from 'commander';
import { type AdoptionOutcome, down, status, up } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

interface UpFlags extends CommonFlags {
  readonly to?: string;
  readonly catchUp: boolean;
  readonly acceptDrift: readonly string[];
  readonly dryRun?: boolean;
}

/** `up` and `down`: what runs migrations on the configured database. */
export function addMigrateCommands(program: Command): void {
  addUp(program);
  addDown(program);
}

/** An option that can be given several times. */
export function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}

/** What an adoption did, as lines. */
export function adoptionLines(adoption: AdoptionOutcome | null): readonly string[] {
  if (adoption?.kind !== 'adopted') return [];
  return [
    ...adoption.caughtUp.map((name) => `caught up ${name}`),
    `adopted the baseline in place of ${adoption.rows} migrations`,
    ...adoption.accepted.map(({ id, change }) => `let through ${id}: ${change}`),
  ];
}

function addUp(program: Command): void {
  withCommonFlags(program.command('up'))
    .description(
      'catch up and adopt the baseline where the database ran what it replaces, then run all pending migrations',
    )
    .option('--to <name>', 'run up to and including this migration')
    .option('--no-catch-up', 'refuse a database that lacks some of what the baseline replaces')
    .option(
      '--accept-drift <object>',
      'let this object differ, such as "index public.x"; repeatable',
      collect,
      [],
    )
    .option('--dry-run', 'say what would be done')
    .action(async (flags: UpFlags) => {
      const { settings, output, onServer } = await openContext(flags);
      const { to, catchUp, acceptDrift } = flags;
      const onReplayed = (name: string) => output.progress(`on a shadow: ${name}`);
      if (flags.dryRun === true) {
        const { state, pending } = await status(settings, { onServer, onReplayed });
        const missing = state.kind === 'partial' ? state.missing : [];
        output.result({ schemaVersion: 1, dryRun: true, state, pending }, [
          `the database is ${state.kind}`,
          ...missing.map((name) => `would catch up ${name}`),
          ...pending.map((name) => `would run or adopt ${name}`),
        ]);
        return;
      }
      const { adoption, ran } = await up(settings, {
        onServer,
        onReplayed,
        onMigrated: (name) => output.progress(name),
        catchUp,
        acceptDrift,
        ...(to === undefined ? {} : { to }),
      });
      const lines = ran.length === 0 ? ['no migration was pending'] : ran.map((name) => `ran ${name}`);
      output.result({ schemaVersion: 1, adoption, ran }, [...adoptionLines(adoption), ...lines]);
    });
}

function addDown(program: Command): void {
  withCommonFlags(program.command('down'))
    .description('revert the last batch')
    .option('--all', 'revert every migration')
    .option('--to <name>', 'revert down to and including this migration')
    .action(async (flags: CommonFlags & { readonly to?: string; readonly all?: boolean }) => {
      const { settings, output, onServer } = await openContext(flags);
      const { to, all } = flags;
      const reverted = await down(settings, {
        onServer,
        onMigrated: (name) => output.progress(name),
        ...(to === undefined ? {} : { to }),
        ...(all === undefined ? {} : { all }),
      });
      const lines =
        reverted.length === 0 ? ['nothing to revert'] : reverted.map((name) => `reverted ${name}`);
      output.result({ schemaVersion: 1, reverted }, lines);
    });
}
