import { run } from '../src/cli/run.js';

/** Back up the migration files, the ledger's rows and the schema. */
process.exit(await run(['backup', 'migrations', ...process.argv.slice(2)]));
