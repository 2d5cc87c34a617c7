import { isSquashError, SquashError } from './errors.js';
import { brokenChecks } from './proof/checks.js';
import type { ProofDifference } from './proof/difference.js';
import type { Replays } from './proof/replays.js';
import { circularViews, stuckViews } from './proof/views.js';

/**
 * Why a baseline doesn't build on an empty database. It writes all rows and fills all materialized views, and
 * what the history built may be beyond that by now.
 *
 * @param cause what running the baseline as a migration threw.
 * @returns OBJECT_UNSUPPORTED naming such views or CHECKs, else PROOF_FAILED with what the server said; another
 *   error as it is.
 */
export async function explainUnbuildable(replays: Replays, cause: unknown): Promise<unknown> {
  if (!isSquashError(cause) || cause.code !== 'MIGRATION_FAILED') return cause;
  const { first, searchPath, history } = replays;
  const views = await stuckViews(first, searchPath, history);
  if (views.length > 0) {
    return beyond(
      'no REFRESH can fill again',
      views,
      'Mend what it reads, or drop it, in a migration; or keep the migrations that broke it out of the squash with --to.',
      cause,
    );
  }
  const checks = await brokenChecks(first, searchPath);
  if (checks.length > 0) {
    return beyond(
      'rows that are there could not be written again under',
      checks,
      'Mend the rows or the functions that it calls, or make it NOT VALID, in a migration.',
      cause,
    );
  }
  return new SquashError(
    'PROOF_FAILED',
    `the baseline does not build on an empty database: ${cause.message}`,
    {
      hint: 'What it names holds in the database that the history built, but could not be made there once more. Mend it in a migration, or keep the migrations that make it out of the squash with --to.',
    },
  );
}

/**
 * Why a baseline can't give what the history gave, where the differences have such a reason: OBJECT_UNSUPPORTED naming
 * the materialized views that read themselves, else null.
 */
export function explainDifferences(
  { history }: Replays,
  differences: readonly ProofDifference[],
): SquashError | null {
  const differing = new Set(differences.map(({ object }) => object));
  const circular = circularViews(history.catalog).filter((id) => differing.has(id));
  if (circular.length === 0) return null;
  return beyond(
    'no REFRESH on an empty database gives these rows',
    circular.map((id) => ({ id, reason: 'it reads itself' })),
    'Break the circle in a migration, or keep the migrations that close it out of the squash with --to.',
  );
}

function beyond(
  what: string,
  causes: readonly { readonly id: string; readonly reason: string }[],
  hint: string,
  cause?: unknown,
): SquashError {
  const named = causes.map(({ id, reason }) => `${id} (${reason})`);
  return new SquashError('OBJECT_UNSUPPORTED', `${what}: ${named.join(', ')}`, { hint, cause });
}
