import { run } from '../src/cli/run.js';

/** Show the ledger of the configured database and what to do next. */
process.exit(await run(['status', ...process.argv.slice(2)]));
