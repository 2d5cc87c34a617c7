import Table from 'cli-table3';
import type { Command } from 'commander';
import { adopt, down, type Status, status, up } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

/** `up`, `down`, `status` and `adopt`: what works on the configured database's ledger. */
export function addMigrateCommands(program: Command, state: { exitCode: number }): void {
  addUp(program);
  addDown(program);
  addStatus(program, state);
  addAdopt(program);
}

function addUp(program: Command): void {
  withCommonFlags(program.command('up'))
    .description(
      'adopt the baseline where the database ran what it replaces, then run all pending migrations',
    )
    .option('--to <name>', 'run up to and including this migration')
    .action(async (flags: CommonFlags & { readonly to?: string }) => {
      const { settings, output, onServer } = await openContext(flags);
      const { to } = flags;
      const { adoption, ran } = await up(settings, {
        onServer,
        onMigrated: (name) => output.progress(name),
        ...(to === undefined ? {} : { to }),
      });
      const adopted =
        adoption?.kind === 'adopted' ? [`adopted the baseline in place of ${adoption.rows} migrations`] : [];
      const lines = ran.length === 0 ? ['no migration was pending'] : ran.map((name) => `ran ${name}`);
      output.result({ schemaVersion: 1, adoption, ran }, [...adopted, ...lines]);
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

function addStatus(program: Command, state: { exitCode: number }): void {
  withCommonFlags(program.command('status'))
    .description('the ledger of the configured database, what is pending, and what to do next')
    .option('--exit-code', 'exit with 2 unless nothing is pending and nothing is wrong')
    .action(async (flags: CommonFlags & { readonly exitCode?: boolean }) => {
      const { settings, output, onServer } = await openContext(flags);
      const found = await status(settings, { onServer });
      output.result({ schemaVersion: 1, ...found }, statusLines(found));
      const isDone = found.pending.length === 0 && ['full', 'adopted', 'ahead'].includes(found.state.kind);
      if (flags.exitCode === true && !isDone) state.exitCode = 2;
    });
}

function statusLines({ database, state, executed, pending, baseline }: Status): readonly string[] {
  const table = new Table({ head: ['migration', 'batch', 'ran at (UTC)'], style: { head: [], border: [] } });
  for (const row of executed) table.push([row.name, String(row.batch), row.migrationTime ?? '']);
  for (const name of pending) table.push([name, '', 'pending']);
  return [
    table.toString(),
    `${database}: ${state.kind}${baseline === null ? '' : `, baseline ${baseline.revision}`}`,
    nextCommand(state.kind, pending.length),
  ];
}

function nextCommand(kind: Status['state']['kind'], pending: number): string {
  if (kind === 'ghosts') return 'next: get the branch that has the files which the ledger names';
  if (kind === 'foreign') return 'next: check --url and the name of the ledger table in the knexfile';
  return pending === 0 ? 'next: nothing to do' : 'next: npx knex-squash up';
}

function addAdopt(program: Command): void {
  withCommonFlags(program.command('adopt'))
    .description("let a fully migrated database's ledger name the baseline; runs nothing")
    .action(async (flags: CommonFlags) => {
      const { settings, output, onServer } = await openContext(flags);
      const { baseline, outcome } = await adopt(settings, { onServer });
      const line =
        outcome.kind === 'adopted'
          ? `adopted ${baseline} in place of ${outcome.rows} migrations`
          : outcome.kind === 'fresh'
            ? 'the database is empty: npx knex-squash up builds it'
            : `${baseline} was adopted already`;
      output.result({ schemaVersion: 1, baseline, outcome }, [line]);
    });
}
