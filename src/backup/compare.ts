import type { ClientConfig } from 'pg';
import { canonicalDifferences } from '../catalog/canonical.js';
import type { Catalog } from '../catalog/model.js';
import { withClient, withSnapshot } from '../database/client.js';
import { readSequences, type SequencePosition } from '../rows/read.js';
import { withRows } from '../rows/session.js';
import { digestRows, type RowsDigest } from './digest.js';
import { readContents, readWholeCatalog } from './source.js';

/** One thing in which a restored database is not what was backed up. */
export interface RestoreDifference {
  /** The object, as the catalog calls it. */
  readonly object: string;
  readonly change: 'missing' | 'extra' | 'changed' | 'rows' | 'position';
  readonly detail: string;
}

/** What a database must be once it is restored. */
export interface Expected {
  readonly catalog: Catalog;
  readonly searchPath: string;
  readonly tables: readonly RowsDigest[];
  readonly sequences: readonly SequencePosition[];
  readonly schemaOnly: boolean;
}

/** Compares catalog (owners and grants with it), rows and positions of sequences with a restored database. */
export async function compareRestored(
  restored: ClientConfig,
  expected: Expected,
): Promise<readonly RestoreDifference[]> {
  const { searchPath, schemaOnly } = expected;
  const contents = await withSnapshot(restored, readContents);
  const catalog = await withClient(restored, async (client) => {
    await client.query(`SELECT set_config('search_path', $1, false)`, [searchPath]);
    return canonicalDifferences(client, expected.catalog, contents.catalog, () => readWholeCatalog(client));
  });
  const described = catalog.map(({ id, change, attributes }) => ({
    object: id,
    change,
    detail:
      change === 'changed'
        ? attributes.map(({ name }) => name).join(', ')
        : { missing: 'was not restored', extra: 'is not in the backup' }[change],
  }));
  if (schemaOnly) return described;
  const [digests, positions] = await withRows(restored, searchPath, contents.tables, async (client) => {
    const found: RowsDigest[] = [];
    for (const table of contents.tables) found.push(await digestRows(client, table));
    return [found, await readSequences(client, contents.sequences)] as const;
  });
  return [
    ...described,
    ...rowsDifferences(expected.tables, digests),
    ...positionDifferences(expected.sequences, positions),
  ];
}

function rowsDifferences(
  expected: readonly RowsDigest[],
  found: readonly RowsDigest[],
): readonly RestoreDifference[] {
  const before = new Map(expected.map((digest) => [digest.table, digest]));
  const after = new Map(found.map((digest) => [digest.table, digest]));
  return [...new Set([...before.keys(), ...after.keys()])].sort().flatMap((table) => {
    const [was, is] = [before.get(table), after.get(table)];
    const [many, now] = [was?.rows ?? 0, is?.rows ?? 0];
    if (many !== now)
      return [{ object: table, change: 'rows' as const, detail: `expected ${many} rows, found ${now}` }];
    if (was === undefined || was.digest === is?.digest) return [];
    return [{ object: table, change: 'rows' as const, detail: `its ${many} rows hold other values` }];
  });
}

function positionDifferences(
  expected: readonly SequencePosition[],
  found: readonly SequencePosition[],
): readonly RestoreDifference[] {
  const text = ({ lastValue, isCalled }: SequencePosition): string =>
    `${lastValue}${isCalled ? '' : ' (not called)'}`;
  const after = new Map(found.map((position) => [position.sequence, text(position)]));
  return expected.flatMap((position) => {
    const is = after.get(position.sequence) ?? 'nothing';
    if (is === text(position)) return [];
    const detail = `expected ${text(position)}, found ${is}`;
    return [{ object: `sequence ${position.sequence}`, change: 'position' as const, detail }];
  });
}
