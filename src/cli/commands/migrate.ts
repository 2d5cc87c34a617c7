import type { Command } from 'commander';
import { type AdoptionOutcome, down, type KeptObjects, status, up } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

interface UpFlags extends CommonFlags {
  readonly to?: string;
  readonly catchUp: boolean;
  readonly acceptDrift: readonly string[];
  readonly pruneObjects?: boolean;
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

/** What became of objects that have files of their own, or what would become of them. */
function objectLines(objects: KeptObjects | null, isPlan = false): readonly string[] {
  if (objects === null) return [];
  const { created, changed, rebuilt, dropped, orphans } = objects;
  return [
    ...created.map((id) => `${!isPlan ? 'created' : 'would create'} ${id}`),
    ...changed.map((id) => `${!isPlan ? 'replaced' : 'would replace'} ${id}`),
    ...rebuilt.map((id) => `made ${id} again, which depends on it`),
    ...dropped.map((id) => `${!isPlan ? 'dropped' : 'would drop'} ${id}`),
    ...orphans.map((id) => `${id} has no file any more: up --prune-objects drops it`),
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
    .option('--prune-objects', 'drop views, functions, triggers and policies whose file is gone')
    .option('--dry-run', 'say what would be done')
    .action(async (flags: UpFlags) => {
      const { settings, output, onServer } = await openContext(flags);
      const { to, catchUp, acceptDrift, pruneObjects = false } = flags;
      const onReplayed = (name: string) => output.progress(`on a shadow: ${name}`);
      if (flags.dryRun === true) {
        const { state, pending, objects } = await status(settings, { onServer, onReplayed });
        const missing = state.kind === 'partial' ? state.missing : [];
        output.result({ schemaVersion: 1, dryRun: true, state, pending, objects }, [
          `the database is ${state.kind}`,
          ...missing.map((name) => `would catch up ${name}`),
          ...pending.map((name) => `would run or adopt ${name}`),
          ...objectLines(objects, true),
        ]);
        return;
      }
      const { adoption, ran, objects } = await up(settings, {
        onServer,
        onReplayed,
        onMigrated: (name) => output.progress(name),
        catchUp,
        acceptDrift,
        pruneObjects,
        ...(to === undefined ? {} : { to }),
      });
      const lines = ran.length === 0 ? ['no migration was pending'] : ran.map((name) => `ran ${name}`);
      output.result({ schemaVersion: 1, adoption, ran, objects }, [
        ...adoptionLines(adoption),
        ...lines,
        ...objectLines(objects),
      ]);
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
