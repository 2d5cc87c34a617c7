import { Command, CommanderError } from 'commander';
import { toolVersion } from '../index.js';
import { addLedgerCommands } from './commands/adopt.js';
import { addAuditCommand } from './commands/audit.js';
import { addBackupCommand } from './commands/backup.js';
import { addInitCommand } from './commands/init.js';
import { addMigrateCommands } from './commands/migrate.js';
import { addObjectsCommand } from './commands/objects.js';
import { addResetCommand } from './commands/reset.js';
import { addRestoreCommand } from './commands/restore.js';
import { addSquashCommand } from './commands/squash.js';
import { addStatusCommand } from './commands/status.js';
import { addValidateCommand } from './commands/validate.js';
import { printError } from './output.js';

/**
 * Runs one command line and gives its exit code: 0 good, 1 error, 2 differs.
 * @param argv what follows the program's name.
 */
export async function run(argv: readonly string[]): Promise<number> {
  const program = new Command('knex-squash')
    .description('Replace a long Knex migration history on PostgreSQL with one proved baseline.')
    .version(toolVersion)
    .exitOverride()
    .showHelpAfterError();
  const state = { exitCode: 0 };
  addInitCommand(program);
  addSquashCommand(program);
  addMigrateCommands(program);
  addStatusCommand(program, state);
  addLedgerCommands(program);
  addObjectsCommand(program);
  addResetCommand(program);
  addBackupCommand(program);
  addRestoreCommand(program);
  addValidateCommand(program, state);
  addAuditCommand(program, state);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return state.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    printError(error, argv.includes('--json'));
    return 1;
  }
}
