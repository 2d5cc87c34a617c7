import { run } from '../src/cli/run.js';

/** Let a fully migrated database's ledger name the baseline. */
process.exit(await run(['adopt', ...process.argv.slice(2)]));
