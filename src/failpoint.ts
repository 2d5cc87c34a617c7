/** Every step at which a test can make this product fail; P1 asks one of each step that writes. */
export const failpoints = [
  'archive.started',
  'archive.file-written',
  'archive.manifest-written',
  'archive.finished',
  'swap.journal-written',
  'swap.staged',
  'swap.committed',
  'swap.moved',
  'swap.placed',
  'swap.landed',
  'swap.discarded',
  'swap.finished',
  'adopt.locked',
  'adopt.recorded',
  'adopt.deleted',
  'adopt.stamped',
  'restore.deleted',
  'restore.inserted',
  'restore.forgotten',
  'migrate.locked',
  'migrate.recorded',
  'migrate.committed',
  'migrate.started',
  'migrate.acted',
  'migrate.ended',
  'catch-up.finished',
  'resolve.recorded',
  'reset.dropped',
  'backup.file-written',
  'backup.manifest-written',
  'backup.finished',
  'restore-full.started',
  'restore-full.in-place',
  'restore-full.created',
  'restore-full.restored',
  'restore-full.ready',
  'restore-full.moved-aside',
  'restore-full.renamed',
  'restore-full.swapped',
  'objects.dropped',
  'objects.replaced',
  'objects.recorded',
  'objects.committed',
  'objects.staged',
  'objects.written',
] as const;

export type Failpoint = (typeof failpoints)[number];

/** How often the step of the present wish was reached. */
let seen = { wish: '', hits: 0 };

/**
 * Fails here if the environment says so: `KNEX_SQUASH_FAIL=<step>:kill` ends the process by SIGKILL,
 * `:stop` halts it by SIGSTOP until it gets a SIGCONT, `:throw` and `:enospc` (a full disk) throw;
 * `<step>@3:kill` waits for the third time. For tests;
 * without the variable it does nothing.
 */
export function failpoint(step: Failpoint): void {
  const wish = process.env.KNEX_SQUASH_FAIL;
  if (wish === undefined) {
    seen = { wish: '', hits: 0 };
    return;
  }
  const [, wishedStep, count = '1', action] =
    /^([\w.-]+?)(?:@(\d+))?:(kill|stop|throw|enospc)$/.exec(wish) ?? [];
  // A misspelt wish would make a test pass that tests nothing.
  if (!failpoints.some((known) => known === wishedStep)) throw new Error(`no such failpoint: ${wish}`);
  if (wishedStep !== step) return;
  seen = { wish, hits: seen.wish === wish ? seen.hits + 1 : 1 };
  if (seen.hits === Number(count)) fail(step, action);
}

function fail(step: Failpoint, action: string | undefined): void {
  if (action === 'stop') {
    process.kill(process.pid, 'SIGSTOP');
    return;
  }
  if (action === 'kill') process.kill(process.pid, 'SIGKILL');
  if (action === 'enospc') {
    throw Object.assign(new Error(`ENOSPC: no space left on device (${step})`), { code: 'ENOSPC' });
  }
  throw new Error(`failed on purpose at ${step}`);
}
