import { momentOf, type TimeKind, timeKind } from './moment.js';
import type { Cell, Row } from './read.js';
import { expressionFor, isUuid, shapeOf } from './shape.js';
import type { StoredColumn, StoredTable } from './tables.js';
import { rowName, type Window } from './volatile.js';

/** What two replays tell of a column whose values differ, and nothing of the values themselves. */
export interface Evidence {
  readonly table: StoredTable;
  readonly column: StoredColumn;
  readonly rows: number;
  /** Rows in which it differs. */
  readonly differing: number;
  /** In some of them one replay has NULL. */
  readonly hasNulls: boolean;
  /** All differing values are times; of the replay itself, or moving along with it. */
  readonly time: TimeKind | null;
  /** Milliseconds by which its moments lie after the replay, at least and at most; null where they aren't known. */
  readonly ahead: readonly [number, number] | null;
  /** All differing values look like keys that were made up. */
  readonly areUuids: boolean;
  /** What they look like: `64 hex digits`. */
  readonly shapes: readonly string[];
  /** An SQL expression that gives a value of their shape, where one is plain. */
  readonly expression: string | null;
  /** The first of the differing rows by key, where they have one. */
  readonly where: readonly string[];
  /** Columns, as `Columns.key` names them, that hold the same value in both replays, row by row. */
  readonly sameAs: readonly string[];
}

/** Looks at the rows of a table after two replays, in the same order, one by one. */
export interface Observer {
  see(first: Row, second: Row): void;
  evidence(): readonly Evidence[];
}

/** Keys by what they were in both replays: a column that has the same pairs refers to them. */
export class KeyPairs {
  readonly #columns = new Map<string, Set<string>>();

  /** Shorter values can be equal by chance. */
  static readonly shortest = 8;

  add(column: string, first: Cell, second: Cell): void {
    if (first === null || second === null || first.length < KeyPairs.shortest) return;
    const pair = `${first}\u0000${second}`;
    this.#columns.set(pair, (this.#columns.get(pair) ?? new Set()).add(column));
  }

  find(first: Cell, second: Cell): ReadonlySet<string> {
    return this.#columns.get(`${first}\u0000${second}`) ?? none;
  }
}

const none: ReadonlySet<string> = new Set();

/** Begins to look at a table of which these columns differ. */
export function observeColumns(
  table: StoredTable,
  volatile: ReadonlySet<string>,
  windows: readonly [Window, Window],
  pairs: KeyPairs,
): Observer {
  const columns = table.columns
    .map((column, at) => ({ column, at }))
    .filter(({ column }) => volatile.has(column.name))
    .map(({ column, at }) => ({ at, tally: new Tally(table, column, windows, pairs) }));
  let rows = 0;
  return {
    see(first, second) {
      rows += 1;
      for (const { at, tally } of columns) {
        const [one, two] = [first[at] ?? null, second[at] ?? null];
        if (one !== two) tally.add(one, two, () => rowName(table, first, volatile));
      }
    },
    evidence: () => columns.map(({ tally }) => tally.evidence(rows)).filter(({ differing }) => differing > 0),
  };
}

const named = 3;

class Tally {
  #differing = 0;
  #hasNulls = false;
  readonly #times = new Set<TimeKind | null>();
  #least = Number.NEGATIVE_INFINITY;
  #most = Number.POSITIVE_INFINITY;
  #areUuids = true;
  #expression: string | null = null;
  readonly #shapes = new Set<string>();
  readonly #where: string[] = [];
  #sameAs: Set<string> | null = null;
  readonly #table: StoredTable;
  readonly #column: StoredColumn;
  readonly #windows: readonly [Window, Window];
  readonly #pairs: KeyPairs;

  constructor(table: StoredTable, column: StoredColumn, windows: readonly [Window, Window], pairs: KeyPairs) {
    this.#table = table;
    this.#column = column;
    this.#windows = windows;
    this.#pairs = pairs;
  }

  add(one: Cell, two: Cell, name: () => string | null): void {
    this.#differing += 1;
    if (this.#where.length < named) this.#where.push(name() ?? `row ${this.#differing}`);
    const found = this.#pairs.find(one, two);
    this.#sameAs =
      this.#sameAs === null ? new Set(found) : new Set([...this.#sameAs].filter((key) => found.has(key)));
    if (one === null || two === null) {
      this.#hasNulls = true;
      return;
    }
    this.#times.add(timeKind(this.#column.type, one, two, this.#windows));
    this.#place(one);
    this.#areUuids &&= isUuid(one);
    if (this.#shapes.size < named) this.#shapes.add(shapeOf(one));
    this.#expression ??= expressionFor(one);
  }

  #place(value: string): void {
    const moment = momentOf(value);
    if (moment?.zoned !== true) return;
    this.#least = Math.max(this.#least, moment.time - this.#windows[0].end);
    this.#most = Math.min(this.#most, moment.time - this.#windows[0].start);
  }

  evidence(rows: number): Evidence {
    const times = [...this.#times];
    const isTime = times.length > 0 && !times.includes(null);
    return {
      table: this.#table,
      column: this.#column,
      rows,
      differing: this.#differing,
      hasNulls: this.#hasNulls,
      time: !isTime ? null : times.includes('moving') ? 'moving' : 'now',
      ahead: Number.isFinite(this.#least) ? [this.#least, this.#most] : null,
      areUuids: this.#areUuids && this.#shapes.size > 0,
      shapes: [...this.#shapes],
      expression: this.#shapes.size === 1 ? this.#expression : null,
      where: this.#where,
      sameAs: [...(this.#sameAs ?? [])],
    };
  }
}
