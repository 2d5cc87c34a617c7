import { run } from '../src/cli/run.js';

/** Bring the configured database to the end of the history. */
process.exit(await run(['up', ...process.argv.slice(2)]));
