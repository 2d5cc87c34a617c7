import { run } from '../src/cli/run.js';

/** Revert the last batch of migrations. */
process.exit(await run(['down', ...process.argv.slice(2)]));
