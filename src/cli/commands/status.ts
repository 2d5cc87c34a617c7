import Table from 'cli-table3';
import type { Command } from 'commander';
import { type Status, status } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

export function addStatusCommand(program: Command, state: { exitCode: number }): void {
  withCommonFlags(program.command('status'))
    .description('the ledger of the configured database, its state, what is pending, and what to do next')
    .option('--exit-code', 'exit with 2 unless nothing is pending and nothing is wrong')
    .action(async (flags: CommonFlags & { readonly exitCode?: boolean }) => {
      const { settings, output, onServer } = await openContext(flags);
      const onReplayed = (name: string) => output.progress(`on a shadow: ${name}`);
      const found = await status(settings, { onServer, onReplayed });
      output.result({ schemaVersion: 1, ...found }, lines(found));
      if (flags.exitCode === true && !isDone(found)) state.exitCode = 2;
    });
}

/** At the end of the history, with nothing wrong: a full database that has yet to adopt isn't there. */
function isDone({ state, pending, objects }: Status): boolean {
  const due = pending.length + objects.created.length + objects.changed.length;
  return due === 0 && ['full', 'adopted', 'ahead'].includes(state.kind);
}

function lines(found: Status): readonly string[] {
  const { database, state, executed, pending, baseline, branches, objects, next } = found;
  const table = new Table({ head: ['migration', 'batch', 'ran at (UTC)'], style: { head: [], border: [] } });
  for (const row of executed) table.push([row.name, String(row.batch), row.migrationTime ?? '']);
  const verdicts = new Map(branches.map((branch) => [branch.name, branch]));
  for (const name of pending)
    table.push([name, '', verdicts.has(name) ? 'pending, from a branch' : 'pending']);
  return [
    table.toString(),
    `${database}: ${describe(state)}${baseline === null ? '' : `, baseline ${baseline.revision}`}`,
    ...details(state),
    ...branches.map(
      ({ name, verdict, reason }) => `  ${name}: ${verdict}${reason === null ? '' : `, ${reason}`}`,
    ),
    ...objects.created.map((path) => `  ${path} is a new file`),
    ...objects.changed.map((id) => `  ${id} is not what its file says`),
    ...objects.orphans.map((id) => `  ${id} has no file any more`),
    `next: ${next}`,
  ];
}

function describe(state: Status['state']): string {
  if (state.kind !== 'partial') return state.kind;
  return `partial (${state.applied.length} of ${state.applied.length + state.missing.length})`;
}

function details(state: Status['state']): readonly string[] {
  switch (state.kind) {
    case 'partial':
    case 'out of order':
      return state.missing.map((name) => `  lacks ${name}`);
    case 'ghosts':
      return state.ghosts.map((name) => `  nobody knows ${name}`);
    case 'drifted':
      return state.differences.map(({ id, change }) => `  ${id}: ${change}`);
    case 'tampered':
      return state.flaws.map(({ name, reason }) => `  ${name} ${reason}`);
    case 'interrupted':
      return [`  ${state.name} broke off`];
    default:
      return [];
  }
}
