import { run } from '../src/cli/run.js';

/** Put a backup into the place of the configured database, which is kept under another name. */
process.exit(await run(['restore', 'full', ...process.argv.slice(2)]));
