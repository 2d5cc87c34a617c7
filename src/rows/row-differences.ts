import type { Client, ClientConfig } from 'pg';
import type { Queryable } from '../database/client.js';
import { quoteIdent } from '../database/sql.js';
import type { Cell } from './read.js';
import { withRows } from './session.js';
import { rowsOf, type StoredColumn, type StoredTable } from './tables.js';

/** Two databases whose rows should be equal. */
export interface Sides {
  readonly expected: ClientConfig;
  readonly found: ClientConfig;
  readonly searchPath: string;
}

/** Columns of a table that count, and those whose values are not for everybody's eyes. */
export interface Compared {
  readonly table: StoredTable;
  readonly columns: readonly StoredColumn[];
  readonly isSecret: (column: string) => boolean;
}

/** How many rows of a table are named; more would not help anybody. */
const named = 3;

/**
 * Names the first rows in which a table differs, by key and column. Both sides stream past, so that
 * the table's size doesn't matter.
 */
export async function describeRowDifferences(sides: Sides, compared: Compared): Promise<readonly string[]> {
  const { table, columns } = compared;
  const isKept = (name: string): boolean => columns.some((column) => column.name === name);
  const key = [table.primaryKey ?? [], ...table.uniqueKeys].find(
    (names) => names.length > 0 && names.every(isKept),
  );
  // Without a key a row is known by all that it holds.
  const names = key ?? columns.map(({ name }) => name);
  return withRows(sides.expected, sides.searchPath, [table], (one) =>
    withRows(sides.found, sides.searchPath, [table], async (two) => {
      const found: string[] = [];
      for await (const { name, change } of merged(one, two, table, names, columns)) {
        if (found.length === named) return [...found, 'and more'];
        const row = await readRow(one, two, compared, names, name);
        const place = key === undefined ? 'a row' : rowPlace(row.expected ?? row.found ?? [], compared, key);
        found.push(change === 'changed' ? `${place}: ${changes(row, compared)}` : `${place} is ${change}`);
      }
      return found;
    }),
  );
}

interface Mark {
  readonly name: string;
  readonly hash: string;
}

interface Differing {
  readonly name: string;
  readonly change: 'missing' | 'one too many' | 'changed';
}

/** Merges both sides, which come in the byte order of what names their rows. */
async function* merged(
  one: Client,
  two: Client,
  table: StoredTable,
  key: readonly string[],
  columns: readonly StoredColumn[],
): AsyncGenerator<Differing> {
  const [left, right] = [marks(one, table, key, columns), marks(two, table, key, columns)];
  let a = (await left.next()).value;
  let b = (await right.next()).value;
  while (a !== undefined || b !== undefined) {
    const order =
      a === undefined ? 1 : b === undefined ? -1 : Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
    if (order < 0 && a !== undefined) yield { name: a.name, change: 'missing' };
    else if (order > 0 && b !== undefined) yield { name: b.name, change: 'one too many' };
    else if (a !== undefined && a.hash !== b?.hash) yield { name: a.name, change: 'changed' };
    if (order <= 0) a = (await left.next()).value;
    if (order >= 0) b = (await right.next()).value;
  }
}

const rowsPerFetch = 5000;

async function* marks(
  client: Queryable,
  table: StoredTable,
  key: readonly string[],
  columns: readonly StoredColumn[],
): AsyncGenerator<Mark, undefined> {
  const all = columns.map(({ name }) => quoteIdent(name)).join(', ');
  await client.query(
    `DECLARE knex_squash_marks NO SCROLL CURSOR FOR SELECT ${nameOf(key)} AS name, md5(ROW(${all})::text) AS hash
     FROM ${rowsOf(table)} ORDER BY 1 COLLATE "C"`,
  );
  for (;;) {
    const { rows } = await client.query<Mark>(`FETCH ${rowsPerFetch} FROM knex_squash_marks`);
    yield* rows;
    if (rows.length < rowsPerFetch) return undefined;
  }
}

function nameOf(key: readonly string[]): string {
  return `ROW(${key.map(quoteIdent).join(', ')})::text`;
}

interface Sided {
  readonly expected: readonly Cell[] | undefined;
  readonly found: readonly Cell[] | undefined;
}

async function readRow(
  one: Queryable,
  two: Queryable,
  { table, columns }: Compared,
  key: readonly string[],
  name: string,
): Promise<Sided> {
  const texts = columns.map((column) => `${quoteIdent(column.name)}::text`).join(', ');
  const query = {
    text: `SELECT ${texts} FROM ${rowsOf(table)}${table.condition === '' ? ' WHERE' : ' AND'} ${nameOf(key)} = $1 LIMIT 1`,
    values: [name],
    rowMode: 'array' as const,
  };
  const [expected, found] = [await one.query(query), await two.query(query)];
  return { expected: expected.rows[0] as Cell[] | undefined, found: found.rows[0] as Cell[] | undefined };
}

function rowPlace(row: readonly Cell[], { columns }: Compared, key: readonly string[]): string {
  const parts = key.map((name) => {
    const value = row[columns.findIndex((column) => column.name === name)] ?? null;
    return `${quoteIdent(name)} = ${told(value)}`;
  });
  return `the row ${parts.join(', ')}`;
}

/** `symbol is 'A', expected 'B'`; of a secret only that it differs. */
function changes({ expected = [], found = [] }: Sided, { columns, isSecret }: Compared): string {
  return columns
    .flatMap(({ name }, at) => {
      const [was, is] = [expected[at] ?? null, found[at] ?? null];
      if (was === is) return [];
      return [
        isSecret(name)
          ? `${quoteIdent(name)} differs`
          : `${quoteIdent(name)} is ${told(is)}, expected ${told(was)}`,
      ];
    })
    .join(', ');
}

function told(value: Cell): string {
  if (value === null) return 'NULL';
  return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
}
