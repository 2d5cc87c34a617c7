import { components } from '../plan/graph.js';
import type { TableRows } from './read.js';
import type { StoredTable } from './tables.js';
import { columnName } from './volatile.js';

/** Types without an equality operator, by which nothing can be looked up. */
const incomparable = /^(json|xml|point|line|lseg|box|path|polygon|circle|txid_snapshot|pg_snapshot)\b/;

/**
 * Columns that identify each row and don't differ between replays: a unique key, else one column
 * whose values are all different, else all of them together; null where rows are alike.
 */
export function naturalKey(
  { table, rows }: TableRows,
  volatile: ReadonlySet<string>,
): readonly string[] | null {
  const usable = table.columns.filter(({ name, type }) => !volatile.has(name) && !incomparable.test(type));
  const steady = usable.map((column) => column.name);
  const candidates = [
    ...(table.primaryKey === null ? [] : [table.primaryKey]),
    ...table.uniqueKeys,
    ...steady.map((name) => [name]),
    steady,
  ];
  const at = new Map(table.columns.map((column, place) => [column.name, place]));
  const identifies = (key: readonly string[]): boolean => {
    const seen = new Set<string>();
    return rows.every((row) => {
      const value = key.map((name) => row[at.get(name) ?? -1] ?? null);
      const text = JSON.stringify(value);
      if (value.includes(null) || seen.has(text)) return false;
      seen.add(text);
      return true;
    });
  };
  return (
    candidates.find(
      (key) => key.length > 0 && key.every((name) => steady.includes(name)) && identifies(key),
    ) ?? null
  );
}

/** Columns of primary keys, and those that foreign keys lead to, by columnName. */
export interface KeyColumns {
  readonly primary: ReadonlySet<string>;
  readonly referenced: ReadonlySet<string>;
}

export function keyColumns(tables: readonly StoredTable[]): KeyColumns {
  const leaves = new Map<string, StoredTable[]>();
  for (const table of tables) {
    for (const identity of [table.identity, ...table.partitionOf]) {
      leaves.set(identity, [...(leaves.get(identity) ?? []), table]);
    }
  }
  const referenced = tables.flatMap(({ foreignKeys }) =>
    foreignKeys.flatMap(({ references, referencedColumns }) =>
      (leaves.get(references) ?? []).flatMap((table) =>
        referencedColumns.map((name) => columnName(table, { name })),
      ),
    ),
  );
  const primary = tables.flatMap((table) =>
    (table.primaryKey ?? []).map((name) => columnName(table, { name })),
  );
  return { primary: new Set(primary), referenced: new Set(referenced) };
}

/** The tables that hold the rows a foreign key leads to: one, or the leaves of a partitioned table. */
export function referencedTables(identity: string, tables: readonly StoredTable[]): readonly StoredTable[] {
  return tables.filter((table) => table.identity === identity || table.partitionOf.includes(identity));
}

/** Which of these links lie on a circle: the rows of neither table can come first. */
export function circular<Link extends { readonly from: string; readonly to: string }>(
  links: readonly Link[],
): readonly Link[] {
  const graph = new Map<string, string[]>();
  for (const { from, to } of links) {
    graph.set(from, [...(graph.get(from) ?? []), to]);
    if (!graph.has(to)) graph.set(to, []);
  }
  const component = new Map(
    components(graph).flatMap((members, at) => members.map((id) => [id, at] as const)),
  );
  return links.filter(({ from, to }) => component.get(from) === component.get(to));
}
