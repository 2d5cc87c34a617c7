import { run } from '../src/cli/run.js';

/** Drop everything that the user owns in the configured database, and build it again. */
process.exit(await run(['reset', ...process.argv.slice(2)]));
