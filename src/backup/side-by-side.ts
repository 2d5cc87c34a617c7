import type { Section } from '../baseline/script.js';
import type { CopyRows } from '../rows/copy.js';

/** One statement under its heading. */
interface Piece {
  readonly title: string;
  readonly sql: string;
  /** The table, as SQL writes it, of an index or key, which may be built while others are. */
  readonly table: string | null;
}

/** Statements that follow each other without rows between them. */
interface Run {
  /** Whether all of them build indexes and keys: those of different tables know nothing of each other. */
  readonly beside: boolean;
  readonly pieces: readonly Piece[];
}

type GrowingRun = Run & { readonly pieces: Piece[] };

const name = '(?:"(?:[^"]|"")+"|[^\\s".(]+)';
const table = `(?:ONLY )?(${name}\\.${name})`;
const builds = [
  new RegExp(`^CREATE (?:UNIQUE )?INDEX ${name} ON ${table} `),
  new RegExp(`^ALTER TABLE ${table}\\s+ADD CONSTRAINT ${name} (?:PRIMARY KEY|UNIQUE) `),
];

/** At most so many texts run beside each other, which is more than a server has cores for. */
const mostParts = 8;

/** A run of fewer rows is built sooner than sessions for it are opened. */
const fewRows = 10_000;

/**
 * A script as runs of statements, and rows.
 *
 * @param sizes how many rows a table has, by its name as SQL writes it.
 */
export function runsOf(
  sections: readonly Section[],
  sizes: ReadonlyMap<string, number>,
): readonly (Run | CopyRows)[] {
  const isWorthIt = ({ beside, pieces }: Run): boolean => {
    const tables = new Set(pieces.map(({ table: each }) => each ?? ''));
    const rows = [...tables].reduce((sum, each) => sum + (sizes.get(each) ?? 0), 0);
    return beside && tables.size > 1 && rows >= fewRows;
  };
  const runs: (GrowingRun | CopyRows)[] = [];
  for (const run of alike(sections)) {
    const last = runs.at(-1);
    if ('copy' in run || isWorthIt(run)) runs.push(run);
    else if (last !== undefined && 'pieces' in last && !last.beside) last.pieces.push(...run.pieces);
    else runs.push({ beside: false, pieces: run.pieces });
  }
  return runs;
}

/** Statements that follow each other and may all run beside each other, or may not. */
function alike(sections: readonly Section[]): readonly (GrowingRun | CopyRows)[] {
  const runs: (GrowingRun | CopyRows)[] = [];
  for (const { title, statements } of sections) {
    for (const statement of statements) {
      if (typeof statement !== 'string') {
        runs.push(statement);
        continue;
      }
      const piece = { title, sql: statement, table: tableOf(statement) };
      const last = runs.at(-1);
      const beside = piece.table !== null;
      if (last !== undefined && 'pieces' in last && last.beside === beside) last.pieces.push(piece);
      else runs.push({ beside, pieces: [piece] });
    }
  }
  return runs;
}

function tableOf(statement: string): string | null {
  for (const pattern of builds) {
    const found = pattern.exec(statement)?.[1];
    if (found !== undefined) return found;
  }
  return null;
}

/** Deals a run to several texts, all of a table to one of them, so that each has about as many rows to sort. */
export function spread(
  pieces: readonly Piece[],
  sizes: ReadonlyMap<string, number>,
): readonly (readonly Piece[])[] {
  const byTable = new Map<string, Piece[]>();
  for (const piece of pieces) {
    const key = piece.table ?? '';
    byTable.set(key, [...(byTable.get(key) ?? []), piece]);
  }
  const weight = ([key, list]: readonly [string, Piece[]]): number =>
    (1 + (sizes.get(key) ?? 0)) * list.length;
  const heaviest = [...byTable].sort((a, b) => weight(b) - weight(a));
  const parts = Array.from({ length: Math.min(mostParts, byTable.size) }, () => ({
    load: 0,
    pieces: [] as Piece[],
  }));
  for (const entry of heaviest) {
    const [lightest] = [...parts].sort((a, b) => a.load - b.load);
    if (lightest === undefined) break;
    lightest.load += weight(entry);
    lightest.pieces.push(...entry[1]);
  }
  return parts.map((part) => part.pieces);
}

/** Statements with their headings, each ended by `;`. */
export function textOfPieces(pieces: readonly Piece[]): string {
  return pieces
    .map(({ title, sql }, at) => `${pieces[at - 1]?.title === title ? '' : `-- ${title}\n\n`}${sql};\n\n`)
    .join('');
}
