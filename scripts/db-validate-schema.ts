import { run } from '../src/cli/run.js';

/** Hold the configured database against what its migrations build. */
process.exit(await run(['validate', ...process.argv.slice(2)]));
