import type { Command } from 'commander';
import { reset } from '../../index.js';
import { askName } from '../ask.js';
import { type CommonFlags, openContext, withCommonFlags } from '../options.js';

interface Flags extends CommonFlags {
  readonly yesReally?: string;
  readonly allowProduction?: boolean;
  readonly dropDatabase?: boolean;
  readonly seed?: boolean;
  readonly dryRun?: boolean;
}

export function addResetCommand(program: Command): void {
  withCommonFlags(program.command('reset'))
    .description('drop everything that the user owns in the configured database, and build it again')
    .option('--yes-really <database>', "confirm it by the database's name; asked for on a terminal")
    .option('--allow-production', 'allow it under NODE_ENV=production')
    .option('--drop-database', 'drop the database itself and create it again')
    .option('--seed', "run Knex's seeds afterwards")
    .option('--dry-run', 'say what would be done')
    .action(async (flags: Flags) => {
      const { settings, output, onServer } = await openContext(flags);
      const isTerminal = process.stdin.isTTY === true && flags.json !== true;
      const done = await reset(settings, {
        onServer,
        onMigrated: (name) => output.progress(name),
        confirmed: flags.yesReally ?? null,
        ...(isTerminal ? { ask: askName('Everything in it will be dropped.') } : {}),
        allowProduction: flags.allowProduction === true,
        dropDatabase: flags.dropDatabase === true,
        seed: flags.seed === true,
        dryRun: flags.dryRun === true,
      });
      const { database, dropped, kept, ran, seeds } = done;
      const what = dropped === null ? database : `${dropped} objects of ${database}`;
      output.result({ schemaVersion: 1, dryRun: flags.dryRun === true, ...done }, [
        `${flags.dryRun === true ? 'would drop' : 'dropped'} ${what}`,
        ...kept.map((statement) => `others own what this would have dropped: ${statement}`),
        ...ran.map((name) => `ran ${name}`),
        ...seeds.map((file) => `seeded ${file}`),
      ]);
    });
}
