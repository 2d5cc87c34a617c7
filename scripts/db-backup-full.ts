import { run } from '../src/cli/run.js';

/** Back the configured database up, whole, and prove it by restoring it. */
process.exit(await run(['backup', 'full', ...process.argv.slice(2)]));
