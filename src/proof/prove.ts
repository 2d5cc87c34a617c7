import type { ClientConfig } from 'pg';
import { canonicalDifferences } from '../catalog/canonical.js';
import type { Difference } from '../catalog/compare.js';
import { type Queryable, withClient } from '../database/client.js';
import type { LedgerSettings } from '../history/ledger.js';
import type { TableDigest } from '../rows/digest.js';
import type { SequencePosition } from '../rows/read.js';
import { type Observation, readCatalogBeside } from './observe.js';

/** One thing in which a baseline's database differs from the history's. */
export interface ProofDifference {
  /** The object, as the catalog calls it. */
  readonly object: string;
  readonly change: 'missing' | 'extra' | 'changed' | 'rows' | 'position';
  /** What was expected and what was found, in one line. */
  readonly detail: string;
}

/** The outcome of comparing the two databases. */
export interface Proof {
  readonly equal: boolean;
  readonly objects: number;
  readonly tables: number;
  readonly rows: number;
  readonly sequences: number;
  readonly differences: readonly ProofDifference[];
}

/** What is compared, and the session on which texts are parsed again. */
export interface ProofInput {
  readonly history: Observation;
  readonly baseline: Observation;
  /** The database that the baseline built. */
  readonly connection: ClientConfig;
  readonly ledger: LedgerSettings;
  /** The search_path under which the history ran. */
  readonly searchPath: string;
  /** The history's digests without the columns that differ by nature; the baseline was observed likewise. */
  readonly steadyDigests: readonly TableDigest[];
}

/** Compares catalog, rows, materialized views and sequences of both databases. */
export async function prove(input: ProofInput): Promise<Proof> {
  const { history, baseline } = input;
  const catalog = await withClient(input.connection, (client) => catalogDifferences(client, input));
  const differences = [
    ...catalog.map(describe),
    ...rowDifferences(input.steadyDigests, baseline.digests),
    ...viewDifferences(history.views, baseline.views),
    ...positionDifferences(history.sequences, baseline.sequences),
  ];
  return {
    equal: differences.length === 0,
    objects: history.catalog.objects.length,
    tables: history.tables.length,
    rows: history.digests.reduce((sum, { rows }) => sum + rows, 0),
    sequences: history.sequences.length,
    differences,
  };
}

async function catalogDifferences(client: Queryable, input: ProofInput): Promise<readonly Difference[]> {
  await client.query(`SELECT set_config('search_path', $1, false)`, [input.searchPath]);
  return canonicalDifferences(client, input.history.catalog, input.baseline.catalog, () =>
    readCatalogBeside(client, input.ledger),
  );
}

function describe({ id, change, attributes }: Difference): ProofDifference {
  const detail =
    change === 'missing'
      ? 'the history makes it, the baseline does not'
      : change === 'extra'
        ? 'the baseline makes it, the history does not'
        : attributes
            .map(({ name, expected, found }) => `${name}: expected ${short(expected)}, found ${short(found)}`)
            .join('; ');
  return { object: id, change, detail };
}

function short(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.length > 300 ? `${text.slice(0, 300)}…` : text;
}

function rowDifferences(
  expected: readonly TableDigest[],
  found: readonly TableDigest[],
): readonly ProofDifference[] {
  const after = new Map(found.map((digest) => [digest.table, digest]));
  const before = new Map(expected.map((digest) => [digest.table, digest]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .sort()
    .flatMap((table): readonly ProofDifference[] => {
      const was = before.get(table);
      const is = after.get(table);
      if (was?.rows !== is?.rows) {
        return [
          {
            object: table,
            change: 'rows',
            detail: `expected ${was?.rows ?? 0} rows, found ${is?.rows ?? 0}`,
          },
        ];
      }
      if (was?.digest === is?.digest) return [];
      const columns = Object.keys(was?.columns ?? {}).filter(
        (name) => was?.columns[name] !== is?.columns[name],
      );
      const detail =
        columns.length > 0 ? `values differ in ${columns.join(', ')}` : 'the same values stand in other rows';
      return [{ object: table, change: 'rows', detail }];
    });
}

function viewDifferences(
  expected: ReadonlyMap<string, number>,
  found: ReadonlyMap<string, number>,
): readonly ProofDifference[] {
  return [...expected].flatMap(([id, rows]): readonly ProofDifference[] =>
    found.get(id) === rows
      ? []
      : [{ object: id, change: 'rows', detail: `expected ${rows} rows, found ${found.get(id) ?? 0}` }],
  );
}

function positionDifferences(
  expected: readonly SequencePosition[],
  found: readonly SequencePosition[],
): readonly ProofDifference[] {
  const after = new Map(found.map((position) => [position.sequence, position]));
  const text = (position: SequencePosition | undefined): string =>
    position === undefined ? 'nothing' : `${position.lastValue}${position.isCalled ? '' : ' (not called)'}`;
  return expected.flatMap((position): readonly ProofDifference[] => {
    const is = after.get(position.sequence);
    return text(is) === text(position)
      ? []
      : [
          {
            object: `sequence ${position.sequence}`,
            change: 'position',
            detail: `expected ${text(position)}, found ${text(is)}`,
          },
        ];
  });
}
