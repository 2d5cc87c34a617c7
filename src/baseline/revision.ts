import { createHash } from 'node:crypto';
import type { BaselineMetadata } from './metadata.js';

/** What a revision is made of. */
export type RevisionParts = Pick<BaselineMetadata, 'replaces'> & {
  readonly fingerprint: string;
  readonly rowsDigest: string;
};

/**
 * 12 hex digits: a content hash over the replaced names and their hashes, the catalog that the history
 * built, and the rows that don't differ from replay to replay. The same history gives the same revision.
 */
export function revisionOf({ replaces, fingerprint, rowsDigest }: RevisionParts): string {
  const hash = createHash('sha256');
  for (const { name, sha256 } of replaces) hash.update(`${name}\u0000${sha256}\n`);
  return hash.update(`${fingerprint}\n${rowsDigest}\n`).digest('hex').slice(0, 12);
}

/** `20240108093000_baseline_4a510399cdb8.ts`: the place of the first replaced file, and its extension. */
export function baselineName(firstReplaced: string, revision: string): string {
  const extension = /\.[^.]+$/.exec(firstReplaced)?.[0] ?? '';
  const stem = firstReplaced.slice(0, firstReplaced.length - extension.length);
  const prefix = /^\d+/.exec(stem)?.[0] ?? stem;
  return `${prefix}_baseline_${revision}${extension}`;
}
