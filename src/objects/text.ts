import { createHash } from 'node:crypto';
import { kindOf } from '../catalog/kinds/index.js';
import type { CatalogObject } from '../catalog/model.js';

/** The kinds of object that have files of their own. */
export const filedKinds = [
  'view',
  'materialized view',
  'function',
  'procedure',
  'trigger',
  'policy',
] as const;

/** Whether an object has a file: a partition's copy of a trigger comes with its parent's. */
export function isFiled({ kind, attributes }: CatalogObject): boolean {
  return (filedKinds as readonly string[]).includes(kind) && attributes.clone !== true;
}

/** Kinds whose objects can take a new definition in place, with all that depends on them. */
const replaceable: ReadonlySet<string> = new Set(['view', 'function', 'procedure']);

/**
 * What stands in an object's file: the statements that define it, as the server prints them. Owner,
 * grants, comments and indexes are the database's, and stay when the definition changes.
 */
export function textOf(object: CatalogObject): string {
  const [first = '', ...rest] = kindOf(object).create(object, []);
  const definition = replaceable.has(object.kind) ? (inPlace(object.kind, first) ?? first) : first;
  const filled =
    object.kind === 'materialized view' && object.attributes.populated === true
      ? definition.replace(/\n {2}WITH NO DATA$/, '')
      : definition;
  return [filled, ...rest].map((statement) => `${statement};\n`).join('');
}

/** A hash of what an object is by its definition; whether a materialized view is filled doesn't count. */
export function definitionHash(object: CatalogObject): string {
  const text = textOf({ ...object, attributes: { ...object.attributes, populated: true } });
  return createHash('sha256').update(text).digest('hex');
}

/**
 * A definition as one that replaces what is there, or null where its kind or its words don't allow it.
 */
export function inPlace(kind: string, text: string): string | null {
  if (!replaceable.has(kind)) return null;
  const found = /^((?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*)CREATE\s+(OR\s+REPLACE\s+)?/i.exec(text);
  if (found === null) return null;
  return `${found[1]}CREATE OR REPLACE ${text.slice(found[0].length)}`;
}

/** Literals, quoted names, bodies and comments, in which words mean nothing. */
const opaque =
  /[eE]'(?:\\[\s\S]|''|[^'\\])*'|'(?:''|[^'])*'|"(?:""|[^"])*"|\$(\w*)\$[\s\S]*?\$\1\$|--[^\n]*|\/\*[\s\S]*?\*\//g;

const transactional =
  /(?:^|;)\s*(commit|rollback|abort|savepoint|release|prepare\s+transaction|start\s+transaction|begin(?!\s+atomic\b))\b/i;

/** The word by which a text would begin or end a transaction, or null. */
export function transactionWord(text: string): string | null {
  const words = text.replaceAll(opaque, ' ');
  const end = /\bbegin\s+atomic\b/i.test(words) ? null : /;\s*(end)\s*(?:;|$)/i.exec(words);
  return (transactional.exec(words) ?? end)?.[1]?.toUpperCase() ?? null;
}
