import Table from 'cli-table3';
import { type Command, Option } from 'commander';
import pc from 'picocolors';
import { type AuditResult, audit } from '../../index.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

interface Flags extends CommonFlags {
  readonly check?: true | 'kinds' | 'objects';
  readonly dryRun?: boolean;
  readonly report: boolean | string;
}

export function addAuditCommand(program: Command, state: { exitCode: number }): void {
  withCommonFlags(program.command('audit'))
    .description(
      'what the history is made of: every object, those that no schema builder made, the views in their order, and what a squash has to ask about; written to REGISTRY.md',
    )
    .addOption(
      new Option(
        '--check [what]',
        'write nothing, and exit with 2 when there is a kind of thing (or, with "objects", an object) that REGISTRY.md does not have',
      ).choices(['kinds', 'objects']),
    )
    .option('--dry-run', 'write nothing')
    .option(
      '--report [folder]',
      'where report.html goes; by default into a new folder beside the backups',
      true,
    )
    .option('--no-report', 'write no report.html')
    .action(async (flags: Flags) => {
      const { settings, output, onServer } = await openContext(flags);
      const result = await audit(settings, {
        onServer,
        onReplayed: (name) => output.progress(`on a shadow: ${name}`),
        check: flags.check !== undefined,
        dryRun: flags.dryRun === true,
        report: flags.report,
      });
      const news = unknown(result, flags.check === 'objects');
      output.result(
        { schemaVersion: 1, ...result },
        flags.check === undefined ? summary(result) : verdict(result, news),
      );
      if (news.length > 0) state.exitCode = 2;
    });
}

/** What the registry doesn't have, as far as it counts. */
function unknown({ news }: AuditResult, everyObject: boolean): readonly string[] {
  if (news === null) return [];
  return [
    ...news.kinds.map((kind) => `an object of the kind ${kind} that no schema builder made`),
    ...news.topics.map((topic) => `a question about ${topic}`),
    ...(everyObject ? news.objects.map((id) => `${id}, which no schema builder made`) : []),
  ];
}

function verdict({ file }: AuditResult, news: readonly string[]): readonly string[] {
  if (news.length === 0) return [pc.green(`${file} has everything that the migrations make`)];
  return [
    ...news.map((line) => `${pc.yellow('new')} ${line}`),
    pc.red(`${file} does not know this: read it, then npx knex-squash audit, and commit the file`),
  ];
}

function summary(result: AuditResult): readonly string[] {
  const { views, questions, file, written, report, migrations, timings, registry } = result;
  const topics = new Map<string, number>();
  for (const { topic } of questions) topics.set(topic, (topics.get(topic) ?? 0) + 1);
  const tables = new Table({
    head: ['kind', 'objects', 'not by a schema builder'],
    style: { head: [], border: [] },
  });
  for (const { kind, objects, registered } of result.kinds)
    tables.push([kind, String(objects), String(registered)]);
  return [
    tables.toString(),
    ...registry
      .filter(({ partOf }) => partOf === null)
      .map(({ id, by, migration }) => `${id}: ${by}, ${migration}`),
    'views in their order:',
    ...views.map(({ id, recreatedBy }, at) => `  ${at + 1}. ${id}${made(recreatedBy)}`),
    ...[...topics].map(([topic, count]) => `ask about ${topic}: ${count}`),
    ...(report === null ? [] : [`report  ${report}`]),
    `${migrations.length} migrations, ${(timings.total / 1000).toFixed(1)} s; ${written ? `written to ${file}` : `nothing was written (${file})`}`,
  ];
}

function made(recreatedBy: readonly string[]): string {
  return recreatedBy.length === 0 ? '' : `, made anew in ${recreatedBy.join(', ')}`;
}
