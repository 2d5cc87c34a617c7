import { type Address, addressIn, type Found } from '../kind.js';
import type { Attributes, Value } from '../model.js';
import { type CommentRow, publicSchemaComment } from './comments.js';
import type { DependenceRow } from './dependence.js';
import { type GrantRow, grantDelta } from './grants.js';
import type { LabelRow } from './labels.js';

/** The rows that hold aspects, for all objects at once. */
export interface AspectRows {
  readonly comments: readonly CommentRow[];
  readonly labels: readonly LabelRow[];
  readonly grants: readonly GrantRow[];
  readonly dependences: readonly DependenceRow[];
}

/** An object that can bear aspects: its id, its addresses, what comes with it, the names of its columns. */
export interface Bearer {
  readonly id: string;
  readonly own: readonly Address[];
  readonly found: Pick<Found, 'parts' | 'columns'>;
}

/** What the rows of all aspects have in common. */
interface AspectRow {
  readonly classid: number;
  readonly oid: number;
  readonly subid: number;
}

/** Where a row belongs: the object's id, and the column or part of it that is meant. */
interface Place {
  readonly id: string;
  readonly within: readonly ['Columns' | 'Parts', string] | null;
}

/** Aspects as attributes by the id of the object that bears them, and those of what no object bears. */
export interface Attached {
  readonly attributes: ReadonlyMap<string, Attributes>;
  readonly strays: readonly Stray[];
}

/** Something that is said of a row which is no object of its own: of a table's row type, for example. */
export interface Stray {
  readonly address: Address;
  /** The attribute that would hold it: `comment`, `grants`. */
  readonly name: string;
}

const addressOf = ({ classid, oid }: AspectRow): Address => addressIn(classid, oid);

/** Puts comments, labels and grants where they belong. */
export function attachAspects(bearers: readonly Bearer[], rows: AspectRows): Attached {
  const meant = new Set(
    [rows.comments, rows.dependences, rows.labels, rows.grants].flat().map((row) => addressOf(row)),
  );
  const byAddress = new Map<Address, Bearer>();
  for (const bearer of bearers) for (const key of bearer.own) if (meant.has(key)) byAddress.set(key, bearer);
  const found = new Map<string, Record<string, Value>>();
  const strays: Stray[] = [];
  const place = (row: AspectRow): Place | null => {
    const key = addressOf(row);
    const bearer = byAddress.get(key);
    if (bearer === undefined) return null;
    if (row.subid > 0)
      return { id: bearer.id, within: ['Columns', bearer.found.columns?.[row.subid] ?? String(row.subid)] };
    const part = bearer.found.parts?.find(([of]) => of === key)?.[1];
    return { id: bearer.id, within: part === undefined ? null : ['Parts', part] };
  };
  const put = (row: AspectRow, name: string, value: Value): void => {
    const at = place(row);
    if (at === null) {
      strays.push({ address: addressOf(row), name });
      return;
    }
    const aspects = found.get(at.id) ?? {};
    found.set(at.id, aspects);
    if (at.within === null) {
      aspects[name] = value;
      return;
    }
    const [kind, member] = at.within;
    const key = `${name}Of${kind}`;
    aspects[key] = { ...(aspects[key] as object | undefined), [member]: value };
  };
  for (const row of rows.comments) put(row, 'comment', row.text);
  for (const [row, extensions] of byObject(rows.dependences)) put(row, 'dependsOnExtensions', extensions);
  for (const row of rows.labels) put(row, `label ${row.provider}`, row.label);
  for (const row of rows.grants) {
    const delta = grantDelta(row.owner, row.current ?? [], row.base ?? []);
    if (delta.length > 0) put(row, 'grants', delta as unknown as Value);
  }
  return { attributes: found, strays };
}

/** The rows of one object as one. */
function byObject(
  rows: readonly DependenceRow[],
): Iterable<readonly [row: DependenceRow, extensions: readonly string[]]> {
  const found = new Map<Address, readonly [DependenceRow, readonly string[]]>();
  for (const row of rows) {
    const key = addressOf(row);
    found.set(key, [row, [...(found.get(key)?.[1] ?? []), row.extension]]);
  }
  return found.values();
}

/** The schema public is born with a comment: only another one, or none, is worth a statement. */
export function publicSchemaAspects(aspects: Attributes): Attributes {
  const { comment, ...rest } = aspects;
  if (comment === publicSchemaComment) return rest;
  return comment === undefined ? { ...rest, commentRemoved: true } : aspects;
}
