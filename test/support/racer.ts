import { adopt } from '../../src/migrate.js';
import { loadSettings } from '../../src/settings/load.js';

/**
 * A process that adopts a database at the word of its parent: `<root> <url>`. It prints `ready`, waits
 * for a line on stdin, and prints what became of it.
 */
const [root = '', url = ''] = process.argv.slice(2);

async function main(): Promise<void> {
  const settings = await loadSettings({ cwd: root, env: {}, flags: { url } });
  console.log('ready');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const { outcome } = await adopt(settings);
  console.log(outcome.kind);
}

main().then(
  () => process.exit(0),
  (error: Error & { code?: string }) => {
    console.log(`${error.code ?? 'UNEXPECTED'} ${error.message}`);
    process.exit(1);
  },
);
