import { withEmbedded } from '../../src/database/embedded.js';

/**
 * A process that uses the embedded server: `<data directory> <root> <ending>`. It prints one line of
 * JSON once the server is up, waits for a line on stdin, and ends as it was told.
 */
const [dataDirectory = '', root = '', ending = 'return'] = process.argv.slice(2);

/** As a program that tidies up before it ends, and tells how often it was asked to. */
let calls = 0;
if (ending === 'own handler') {
  process.on('SIGTERM', () => {
    calls += 1;
    setTimeout(() => process.exit(2 + calls), 100);
  });
}

/** As the package signal-exit, which ends the process only when nobody else listens. */
if (ending === 'polite handler') {
  process.on('SIGTERM', function polite() {
    if (process.listenerCount('SIGTERM') > 1) return;
    process.removeListener('SIGTERM', polite);
    process.kill(process.pid, 'SIGTERM');
  });
}

async function main(): Promise<void> {
  await withEmbedded({ dataDirectory, root, durable: false }, async ({ config }) => {
    console.log(JSON.stringify({ port: config.port }));
    await new Promise((resolve) => process.stdin.once('data', resolve));
    if (ending === 'throw') throw new Error('as told');
    if (ending === 'exit') process.exit(7);
  });
}

main().then(
  () => process.exit(0),
  (error: Error & { code?: string; hint?: string }) => {
    console.log(JSON.stringify({ code: error.code, message: error.message, hint: error.hint }));
    process.exit(1);
  },
);
