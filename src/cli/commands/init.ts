import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { applyInit, type InitPlan, prepareInit } from '../../index.js';
import { Output } from '../output.js';

interface Flags {
  readonly dryRun?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

export function addInitCommand(program: Command): void {
  program
    .command('init')
    .description('npm scripts, .gitignore, a knexfile and a workflow for the project in this folder')
    .option('--dry-run', 'say what would be written')
    .option('--json', 'print one JSON object on stdout, everything else on stderr')
    .option('--yes', "don't ask for confirmation")
    .action(async (flags: Flags) => {
      const output = new Output({ json: flags.json === true, quiet: false });
      const folder = process.cwd();
      const plan = await prepareInit(folder);
      for (const line of planLines(plan)) output.note(line);
      const isWanted = flags.dryRun !== true && plan.changes.length > 0 && (await isConfirmed(flags));
      if (isWanted) await applyInit(folder, plan);
      const files = plan.changes.map(({ path, isNew, adds }) => ({ path, isNew, adds }));
      output.result({ schemaVersion: 1, written: isWanted, files, notes: plan.notes }, [
        outcome(plan, isWanted),
      ]);
    });
}

function planLines({ changes, notes }: InitPlan): readonly string[] {
  return [
    ...changes.flatMap(({ path, isNew, adds }) => [
      `${isNew ? 'new' : 'add to'} ${path}`,
      ...adds.map((line) => `  + ${line}`),
    ]),
    ...notes,
  ];
}

function outcome({ changes }: InitPlan, isWritten: boolean): string {
  if (changes.length === 0)
    return 'Nothing to do: the project is ready. Next: npx knex-squash squash --dry-run';
  return isWritten ? 'Written. Next: npx knex-squash squash --dry-run' : 'Nothing was written.';
}

async function isConfirmed({ yes, json }: Flags): Promise<boolean> {
  if (yes === true || json === true || process.stdin.isTTY !== true) return true;
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question('Write this? (y/N) ')).trim());
  } finally {
    terminal.close();
  }
}
