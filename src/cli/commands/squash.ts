import Table from 'cli-table3';
import type { Command } from 'commander';
import pc from 'picocolors';
import { type AdoptionOutcome, type Squashed, squash } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

interface Flags extends CommonFlags {
  readonly dryRun?: boolean;
  readonly adopt: boolean;
  readonly to?: string;
  readonly report?: boolean;
  readonly verify?: string;
}

export function addSquashCommand(program: Command): void {
  withCommonFlags(program.command('squash'))
    .description(
      'replay the history, write one baseline, prove it equal, archive the originals, adopt the database',
    )
    .option('--to <name>', 'the last migration to replace; those after it stay files')
    .option(
      '--rows <tables>',
      'whose rows the baseline carries: all (the default), none, or tables by name, as in app.genes,app.users',
    )
    .option('--report', 'try every change that the proof must see, and list what was tried')
    .option(
      '--verify <command>',
      'a command, such as "npm test", that must succeed on a database built from the baseline (DATABASE_URL) before anything is written',
    )
    .option('--dry-run', 'do everything but write')
    .option('--no-adopt', "leave the configured database's ledger as it is")
    .action(async (flags: Flags) => {
      const { settings, output, onServer } = await openContext(flags);
      const result = await squash(settings, {
        dryRun: flags.dryRun === true,
        adopt: flags.adopt,
        ...(flags.to === undefined ? {} : { to: flags.to }),
        report: flags.report === true,
        ...(flags.verify === undefined
          ? {}
          : { verify: { command: flags.verify, onOutput: (text: string) => output.passOn(text) } }),
        onServer,
        progress: (message) => output.progress(message),
      });
      if (result.kind === 'nothing to squash') {
        const { baseline, revision } = result;
        output.result({ schemaVersion: 1, revision, baseline, replaces: [], nothingToDo: true }, [
          `Nothing to squash: ${baseline} is the only migration.`,
        ]);
        return;
      }
      output.result(toJson(result), [
        ...summary(result),
        ...(flags.report === true ? trialLines(result) : []),
      ]);
    });
}

/** The stable interface of `squash --json`. */
function toJson({ kind: _kind, text: _text, adoption, ...result }: Squashed) {
  return { schemaVersion: 1, ...result, adopted: adoption?.kind === 'adopted', adoption };
}

function summary(result: Squashed): readonly string[] {
  const { revision, baseline, replaces, archive, proof, adoption, timings } = result;
  const seconds = (timings.total / 1000).toFixed(1);
  const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;
  return [
    `${plural(replaces.length, 'migration')} → 1 baseline ${revision}, ${plural(proof.objects, 'object')} and ${plural(proof.rows, 'row')} proved equal, ${seconds} s`,
    archive === null ? `  would write ${baseline}; nothing was written` : `  baseline  ${baseline}`,
    ...(archive === null
      ? []
      : [`  originals ${archive} (report.html tells all; commit it with the baseline)`]),
    ...leftOutLines(result),
    ...(adoption === null ? [] : [`  database  ${adoptionLine(adoption)}`]),
    `  one replay takes ${timings.replay.toFixed(0)} ms, the baseline ${timings.baseline.toFixed(0)} ms; the squash took ${(timings.total / timings.replay).toFixed(1)} times one replay`,
  ];
}

function trialLines({ trials: { tried } }: Squashed): readonly string[] {
  const table = new Table({
    head: ['object', 'changed on purpose', 'found'],
    style: { head: [], border: [] },
  });
  for (const { object, what, seen } of tried) table.push([object, what, seen ? 'yes' : 'NO']);
  return [table.toString()];
}

function leftOutLines({ rows: { leftOut } }: Squashed): readonly string[] {
  if (leftOut.length === 0) return [];
  const sum = leftOut.reduce((total, { rows }) => total + rows, 0);
  const tables = leftOut.map(({ table, rows }) => `${table.replace(/^table /, '')} (${rows})`).join(', ');
  return [
    `  ${pc.yellow('LEFT OUT')}  ${sum} rows, as --rows asked: a database that the baseline builds lacks those of ${tables}`,
  ];
}

function adoptionLine(adoption: NonNullable<Squashed['adoption']>): string {
  const lines: Readonly<Record<AdoptionOutcome['kind'] | 'unreachable', string>> = {
    adopted: 'adopted: its ledger names the baseline now, nothing else was touched',
    'already adopted': 'had adopted this baseline already',
    fresh: 'is empty: npx knex-squash up builds it from the baseline',
    partial: 'ran only a part of the originals: npx knex-squash status',
    ghosts: "not adopted: its ledger names migrations that aren't here: npx knex-squash status",
    foreign: 'not adopted: it has objects that no ledger accounts for: npx knex-squash status',
    'out of order':
      'not adopted: it ran the originals in another order, and that matters: npx knex-squash adopt',
    tampered: 'not adopted: files were edited: npx knex-squash status',
    interrupted: 'not adopted: a migration without a transaction broke off: npx knex-squash status',
    drifted:
      'not adopted: it differs from what the migrations build: npx knex-squash adopt names the differences',
    unreachable: 'not adopted: npx knex-squash adopt, once it can be reached',
  };
  return lines[adoption.kind];
}
