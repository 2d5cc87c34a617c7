import type { Kind } from '../kind.js';
import { byCodePoint, type CatalogObject, type Value } from '../model.js';
import { columnTarget, commentStatement } from './comments.js';
import { dependenceStatements } from './dependence.js';
import { type Grant, grantStatements } from './grants.js';
import { labelStatement } from './labels.js';

/** Owner, comments, extensions it depends on, security labels: what follows an object's own statement. */
export function aspectStatements(object: CatalogObject, kind: Kind): readonly string[] {
  const values = object.attributes;
  const target = commentTarget(object, kind);
  const owner =
    typeof values.owner === 'string' && kind.noun.owner !== undefined
      ? [`ALTER ${kind.noun.owner} ${object.identity} OWNER TO ${values.owner}`]
      : [];
  return [
    ...owner,
    ...(typeof values.comment === 'string' ? [commentStatement(target, values.comment)] : []),
    ...(values.commentRemoved === true ? [commentStatement(target, null)] : []),
    ...entries(values.commentOfParts).map(([part, text]) => commentStatement(part, String(text))),
    ...entries(values.commentOfColumns).map(([column, text]) =>
      commentStatement(columnTarget(object.identity, column), String(text)),
    ),
    ...dependenceStatements(target, (values.dependsOnExtensions ?? []) as readonly string[]),
    ...entries(values.dependsOnExtensionsOfParts).flatMap(([part, extensions]) =>
      dependenceStatements(part, extensions as readonly string[]),
    ),
    ...labels(object, target),
  ];
}

/** Grants and revokes; they come after everything that the migrating role itself must still do. */
export function privilegeStatements(object: CatalogObject, kind: Kind): readonly string[] {
  if (kind.noun.grant === undefined) return [];
  const target = kind.grantTarget?.(object) ?? `${kind.noun.grant} ${object.identity}`;
  const { grants, grantsOfColumns, grantsOfParts } = object.attributes;
  return [
    ...grantStatements((grants ?? []) as unknown as readonly Grant[], target),
    ...entries(grantsOfColumns).flatMap(([column, list]) =>
      grantStatements(list as unknown as readonly Grant[], target, column),
    ),
    ...entries(grantsOfParts).flatMap(([part, list]) =>
      grantStatements(list as unknown as readonly Grant[], part),
    ),
  ];
}

function commentTarget(object: CatalogObject, kind: Kind): string {
  return kind.commentTarget?.(object) ?? `${kind.noun.comment} ${object.identity}`;
}

function labels(object: CatalogObject, target: string): readonly string[] {
  const labelled = Object.keys(object.attributes).filter((name) => name.startsWith('label '));
  return labelled.flatMap((name) => {
    const value = object.attributes[name];
    const provider = name.slice('label '.length).replace(/Of(Columns|Parts)$/, '');
    if (typeof value === 'string') return [labelStatement(target, provider, value)];
    const place = (member: string): string =>
      name.endsWith('OfParts') ? member : columnTarget(object.identity, member);
    return entries(value).map(([member, text]) => labelStatement(place(member), provider, String(text)));
  });
}

function entries(value: Value | undefined): readonly (readonly [string, Value])[] {
  if (value === undefined || value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  return Object.entries(value as { readonly [key: string]: Value }).sort(([a], [b]) => byCodePoint(a, b));
}
