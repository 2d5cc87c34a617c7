import { run } from '../src/cli/run.js';

/** Tell what the history is made of, before it is squashed. */
process.exit(await run(['audit', ...process.argv.slice(2)]));
