import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import pc from 'picocolors';
import { type ValidateResult, validate } from '../../index.js';
import { annotation } from '../annotations.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

interface Flags extends CommonFlags {
  readonly schema?: string[];
  readonly ignore?: string[];
  readonly allowPending?: boolean;
  readonly report?: true | string;
  readonly format: 'text' | 'github';
}

export function addValidateCommand(program: Command, state: { exitCode: number }): void {
  withCommonFlags(program.command('validate'))
    .description(
      'hold the configured database against what its migrations build, and look for what no longer works in it; read only',
    )
    .option('--schema <name...>', 'schemas to look at, * stands for any text; by default all')
    .option('--ignore <object...>', 'objects that do not count, such as "table public.tmp_*"')
    .option('--allow-pending', 'migrations that have yet to run are no difference')
    .option('--report [folder]', 'write report.html, by default into a new folder beside the backups')
    .addOption(
      new Option('--format <format>', 'github: annotations for a workflow of GitHub Actions')
        .choices(['text', 'github'])
        .default('text'),
    )
    .action(async (flags: Flags) => {
      const { settings, output, onServer } = await openContext(flags);
      const result = await validate(settings, {
        onServer,
        onReplayed: (name) => output.progress(`on a shadow: ${name}`),
        ...(flags.schema === undefined ? {} : { schemas: flags.schema }),
        ...(flags.ignore === undefined ? {} : { ignore: flags.ignore }),
        allowPending: flags.allowPending === true,
        report: flags.report ?? false,
      });
      const lines = flags.format === 'github' ? annotations(result) : report(result);
      output.result({ schemaVersion: 1, ...result }, lines);
      if (!result.equal) state.exitCode = 2;
    });
}

const verbs = { missing: 'is missing', extra: 'is extra', changed: 'was changed' };

function report(result: ValidateResult): readonly string[] {
  const { differences, findings, excused } = result;
  const errors = findings.filter(({ severity }) => severity === 'error');
  const notes = findings.filter(({ severity }) => severity === 'note');
  return [
    ...differences.flatMap(({ id, change, diff }) => [
      `${pc.bold(id)} ${pc.yellow(verbs[change])}`,
      ...diff.split('\n').map((line) => `  ${coloured(line)}`),
    ]),
    ...errors.map(({ check, object, message }) => `${pc.red(check)} ${pc.bold(object)}: ${message}`),
    ...notes.map(({ check, object, message }) => pc.dim(`note, ${check}: ${object}: ${message}`)),
    ...excused.map(({ check, object, reason }) => pc.dim(`expected, ${check}: ${object}: ${reason}`)),
    ...countTable(result),
    ...(result.report === null ? [] : [`report  ${result.report}`]),
    conclusion(result, errors.length),
  ];
}

function coloured(line: string): string {
  if (line.startsWith('+')) return pc.green(line);
  if (line.startsWith('-')) return pc.red(line);
  return line.startsWith('@@') ? pc.cyan(line) : line;
}

/** Numbers by kind, where any of them differ. */
function countTable({ counts }: ValidateResult): readonly string[] {
  const differing = counts.filter(
    ({ squashed, expected, found }) => expected !== found || (squashed !== null && squashed !== expected),
  );
  if (differing.length === 0) return [];
  const hasSquashed = differing.some(({ squashed }) => squashed !== null);
  const table = new Table({
    head: ['kind', ...(hasSquashed ? ['when squashed'] : []), 'expected', 'found'],
    style: { head: [], border: [] },
  });
  for (const { kind, squashed, expected, found } of differing) {
    table.push([kind, ...(hasSquashed ? [String(squashed)] : []), String(expected), String(found)]);
  }
  return [table.toString()];
}

function conclusion(
  { equal, database, differences, counts, trials, migrations, timings, replayed, recalled }: ValidateResult,
  errors: number,
): string {
  const objects = counts.reduce((sum, { found }) => sum + found, 0);
  const works = `${trials.views} views planned, ${trials.functions} functions checked (${trials.plpgsql})`;
  const time = `${(timings.total / 1000).toFixed(1)} s${replayed ? '' : ', nothing replayed'}${recalled ? ', unchanged since it was found equal' : ''}`;
  const verdict = equal
    ? pc.green(
        `${database} is what its ${migrations.executed === 1 ? 'one migration says' : `${migrations.executed} migrations say`}`,
      )
    : pc.red(
        `${database} is not what its migrations say: ${differences.length} objects differ, ${errors} findings`,
      );
  return `${verdict}; ${objects} objects, ${works}, ${time}`;
}

function annotations(result: ValidateResult): readonly string[] {
  return [
    ...result.differences.map(({ id, change, diff }) => annotation('error', `${id} ${verbs[change]}`, diff)),
    ...result.findings.map(({ check, object, severity, message }) =>
      annotation(severity === 'error' ? 'error' : 'notice', `${check}: ${object}`, message),
    ),
  ];
}
