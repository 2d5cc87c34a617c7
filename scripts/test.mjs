import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';

/** `npm test -- <jest's arguments>`: Jest with the flag under which Node lets it load ES modules. */
const jest = createRequire(import.meta.url).resolve('jest/bin/jest');
const flags = [
  process.env.NODE_OPTIONS,
  '--experimental-vm-modules',
  '--disable-warning=ExperimentalWarning',
];
const { status } = spawnSync(process.execPath, [jest, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, NODE_OPTIONS: flags.filter(Boolean).join(' ') },
});
process.exitCode = status ?? 1;
