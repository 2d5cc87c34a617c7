import { quoteQualified } from '../src/database/sql.js';
import type { Dice, Statement } from './random-history.js';

export interface Item {
  readonly schema: string;
  readonly name: string;
}

export interface Relation extends Item {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

/** An object of a rarer kind, as ALTER calls it: its noun, its name, and what stands behind that. */
export interface Other extends Item {
  readonly noun: string;
  readonly signature: string;
  /** It lies in no schema. */
  readonly isGlobal?: boolean;
}

/** What exists, as far as the generator knows; what a CASCADE took away stays in it and is refused. */
export interface Model {
  schemas: string[];
  tables: Relation[];
  partitioned: Relation[];
  views: Relation[];
  /** Types that a column can have, as SQL writes them. */
  types: string[];
  enums: Item[];
  domains: Item[];
  composites: Item[];
  sequences: Item[];
  /** Functions of one int that return an int. */
  functions: Item[];
  triggerFunctions: Item[];
  triggers: { readonly name: string; readonly on: Relation }[];
  constraints: { readonly name: string; readonly on: Relation }[];
  indexes: Item[];
  others: Other[];
}

export type Operation = (model: Model, dice: Dice) => Statement | null;

export function emptyModel(): Model {
  return {
    schemas: ['public'],
    tables: [],
    partitioned: [],
    views: [],
    types: [],
    enums: [],
    domains: [],
    composites: [],
    sequences: [],
    functions: [],
    triggerFunctions: [],
    triggers: [],
    constraints: [],
    indexes: [],
    others: [],
  };
}

export const sqlOf = ({ schema, name }: Item): string => quoteQualified(schema, name);

/** A member of a list, or null where it is empty. */
export function some<T>(list: readonly T[], dice: Dice): T | null {
  return list.length === 0 ? null : dice.pick(list);
}

/** A new name in one of the schemas. */
export function fresh(model: Model, dice: Dice): Item {
  return { schema: dice.pick(model.schemas), name: dice.name() };
}

export function replaced<T>(list: readonly T[], old: T, ...now: readonly T[]): T[] {
  return [...list.filter((each) => each !== old), ...now];
}
