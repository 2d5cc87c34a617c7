import { aspectStatements, privilegeStatements } from '../catalog/aspects/statements.js';
import { afterContents, type Folded, type LatePhase, type LateStatement } from '../catalog/kind.js';
import { kindOf } from '../catalog/kinds/index.js';
import type { Catalog, CatalogObject } from '../catalog/model.js';
import { stepOf } from '../catalog/step.js';
import { type Planned, plan, type Step } from '../plan/plan.js';
import type { CopyRows } from '../rows/copy.js';

/** SQL, or rows that are copied from a file. */
export type Statement = string | CopyRows;

/** Statements under one heading. */
export interface Section {
  readonly title: string;
  readonly statements: readonly Statement[];
}

/** What goes into a table: the statements that fill it, and the tables whose rows these look up. */
export interface TableContents {
  /** Id of the table. */
  readonly table: string;
  /** Id of the object whose statement makes it: itself, or the extension that it belongs to. */
  readonly madeBy: string;
  readonly statements: readonly Statement[];
  /** Ids of tables that must have their rows before. */
  readonly after: readonly string[];
}

/** All that a baseline makes, in order, and how it is taken away again. */
export interface Script {
  readonly up: readonly Section[];
  readonly down: readonly string[];
}

/** Rows go between the tables and the constraints. */
const rowsRank = 190;

const phases: readonly (readonly [LatePhase, string])[] = [
  ['ownership', 'Sequences of columns'],
  ['security', 'Row-level security'],
  ['privileges', 'Privileges'],
  ['contents', 'Contents of materialized views'],
];

const rowsPrefix = 'rows ';

/**
 * Orders a catalog and its rows and writes the statements, without `;`.
 *
 * @param positions statements that set the sequences' positions.
 * @throws SquashError CYCLE_UNSPLITTABLE
 */
export function script(
  catalog: Catalog,
  contents: readonly TableContents[],
  positions: readonly string[],
): Script {
  const objects = new Map(catalog.objects.map((object) => [object.id, object]));
  const rows = new Map(contents.map((entry) => [rowsPrefix + entry.table, entry]));
  const steps = [...catalog.objects.map(stepOf), ...contents.map(rowsStep)];
  const planned = plan(steps);
  // Checks that read what is there, and event triggers, which would see the late phases happen.
  const last = new Set(steps.filter(({ rank }) => rank >= afterContents).map(({ id }) => id));
  const made = (entries: readonly Planned[]): readonly Section[] =>
    entries.map((entry) => {
      const inserted = rows.get(entry.id);
      return inserted === undefined
        ? making(entry, objects)
        : { title: 'Rows', statements: inserted.statements };
    });
  const ordered = planned.map(({ id }) => objects.get(id)).filter((object) => object !== undefined);
  return {
    up: joined([
      ...made(planned.filter(({ id }) => !last.has(id))),
      { title: 'Sequence positions', statements: positions },
      ...late(ordered),
      ...made(planned.filter(({ id }) => last.has(id))),
    ]),
    down: [...planned].reverse().flatMap((entry) => dropping(entry, objects)),
  };
}

function rowsStep(entry: TableContents): Step {
  return {
    id: rowsPrefix + entry.table,
    rank: rowsRank,
    requires: [entry.madeBy, ...entry.after.map((table) => rowsPrefix + table)],
    host: null,
    shell: null,
  };
}

function making(entry: Planned, objects: ReadonlyMap<string, CatalogObject>): Section {
  const object = objects.get(entry.id) as CatalogObject;
  const kind = kindOf(object);
  const children = entry.folded.map((id) => objects.get(id) as CatalogObject);
  const folded = children.flatMap((child): readonly Folded[] => {
    const text = kindOf(child).fold?.(child);
    return text === undefined || text === null ? [] : [{ object: child, ...text }];
  });
  const own = statementsOf(entry, object, folded);
  if (entry.part === 'shell') return { title: kind.title, statements: own };
  const aspects = [object, ...children].flatMap((each) => aspectStatements(each, kindOf(each)));
  return { title: kind.title, statements: [...own, ...aspects] };
}

function statementsOf(entry: Planned, object: CatalogObject, folded: readonly Folded[]): readonly string[] {
  const kind = kindOf(object);
  if (entry.part === 'whole') return kind.create(object, folded);
  const halves = kind.split?.(object, folded);
  if (halves === undefined || halves === null)
    throw new Error(`${object.id} was split, but its kind can't be`);
  return entry.part === 'shell' ? halves.shell : halves.rest;
}

function late(objects: readonly CatalogObject[]): readonly Section[] {
  const statements = objects.flatMap((object): readonly LateStatement[] => {
    const kind = kindOf(object);
    const privileges = privilegeStatements(object, kind).map((sql) => ({
      phase: 'privileges' as const,
      sql,
    }));
    return [...(kind.late?.(object) ?? []), ...privileges];
  });
  return phases.map(([phase, title]) => ({
    title,
    statements: statements.filter((statement) => statement.phase === phase).map((statement) => statement.sql),
  }));
}

function dropping(entry: Planned, objects: ReadonlyMap<string, CatalogObject>): readonly string[] {
  const object = objects.get(entry.id);
  // An object made in two halves goes where the second stands: from there on others need it whole.
  if (object === undefined || entry.part === 'shell') return [];
  const statement = kindOf(object).drop(object);
  if (statement === null) return [];
  return [entry.cyclic ? forced(statement) : statement];
}

/** Of a cycle's members the first to go takes others along, so these may be gone when their turn comes. */
function forced(statement: string): string {
  const lenient = statement
    .replace(/^DROP ([A-Z]+(?: [A-Z]+)*) (?=[^A-Z])/, 'DROP $1 IF EXISTS ')
    .replace(/^ALTER (TABLE|VIEW|FOREIGN TABLE) /, 'ALTER $1 IF EXISTS ')
    .replace(/ DROP CONSTRAINT /, ' DROP CONSTRAINT IF EXISTS ');
  return / (DROP DEFAULT|CASCADE)$/.test(lenient) ? lenient : `${lenient} CASCADE`;
}

function joined(sections: readonly Section[]): readonly Section[] {
  const result: { title: string; statements: Statement[] }[] = [];
  for (const { title, statements } of sections) {
    if (statements.length === 0) continue;
    const last = result[result.length - 1];
    if (last?.title === title) last.statements.push(...statements);
    else result.push({ title, statements: [...statements] });
  }
  return result;
}
