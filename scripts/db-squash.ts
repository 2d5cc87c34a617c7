import { run } from '../src/cli/run.js';

/** Squash the history of this project into one proved baseline. */
process.exit(await run(['squash', ...process.argv.slice(2)]));
