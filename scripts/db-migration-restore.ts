import { run } from '../src/cli/run.js';

/** Put a squash's original files and ledger rows back. */
process.exit(await run(['restore', 'migrations', ...process.argv.slice(2)]));
