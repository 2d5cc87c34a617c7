import type { Address } from '../kind.js';
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
  readonly parts: Readonly<Record<Address, string>>;
  readonly columns: Readonly<Record<number, string>>;
}

/** Where a row belongs: the object's id, and the column or part of it that is meant. */
interface Place {
  readonly id: string;
  readonly within: readonly ['Columns' | 'Parts', string] | null;
}

/** Comments, labels and grants as attributes, by the id of the object that bears them. */
export function attachAspects(bearers: readonly Bearer[], rows: AspectRows): ReadonlyMap<string, Attributes> {
  const byAddress = new Map(
    bearers.flatMap((bearer) =>
      [...bearer.own, ...Object.keys(bearer.parts)].map((key) => [key, bearer] as const),
    ),
  );
  const found = new Map<string, Record<string, Value>>();
  const place = (row: { classid: number; oid: number; subid: number }): Place | null => {
    const key = `${row.classid}:${row.oid}`;
    const bearer = byAddress.get(key);
    if (bearer === undefined) return null;
    if (row.subid > 0)
      return { id: bearer.id, within: ['Columns', bearer.columns[row.subid] ?? String(row.subid)] };
    const part = bearer.parts[key];
    return { id: bearer.id, within: part === undefined ? null : ['Parts', part] };
  };
  const put = (at: Place | null, name: string, value: Value): void => {
    if (at === null) return;
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
  for (const row of rows.comments) put(place(row), 'comment', row.text);
  for (const [row, extensions] of byObject(rows.dependences))
    put(place(row), 'dependsOnExtensions', extensions);
  for (const row of rows.labels) put(place(row), `label ${row.provider}`, row.label);
  for (const row of rows.grants) {
    const delta = grantDelta(row.owner, row.current ?? [], row.base ?? []);
    if (delta.length > 0) put(place(row), 'grants', delta as unknown as Value);
  }
  return found;
}

/** The rows of one object as one. */
function byObject(
  rows: readonly DependenceRow[],
): Iterable<readonly [row: DependenceRow, extensions: readonly string[]]> {
  const found = new Map<string, readonly [DependenceRow, readonly string[]]>();
  for (const row of rows) {
    const key = `${row.classid}:${row.oid}`;
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
