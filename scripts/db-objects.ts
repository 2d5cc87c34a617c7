import { run } from '../src/cli/run.js';

/** Write views, functions, triggers and policies as files of their own. */
process.exit(await run(['objects', ...process.argv.slice(2)]));
