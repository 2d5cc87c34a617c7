import type { Kind } from '../kind.js';
import { composite } from './composite.js';
import { constraint } from './constraint.js';
import { columnDefault } from './default.js';
import { defaultPrivileges } from './default-privileges.js';
import { domain } from './domain.js';
import { enumType } from './enum.js';
import { extension } from './extension.js';
import { functionKind, procedure } from './function.js';
import { materializedView } from './materialized-view.js';
import { policy } from './policy.js';
import { range } from './range.js';
import { rule } from './rule.js';
import { schema } from './schema.js';
import { sequence } from './sequence.js';
import { table } from './table.js';
import { index } from './table-index.js';
import { trigger } from './trigger.js';
import { view } from './view.js';

/** Every kind of object that a baseline can carry. A user's object of any other kind stops the squash. */
export const kinds: readonly Kind[] = [
  schema,
  extension,
  enumType,
  composite,
  domain,
  range,
  sequence,
  table,
  columnDefault,
  functionKind,
  procedure,
  view,
  materializedView,
  constraint,
  index,
  rule,
  trigger,
  policy,
  defaultPrivileges,
] as unknown as readonly Kind[];

const byName = new Map(kinds.map((kind) => [kind.name, kind]));

/** @throws Error when no kind of that name is registered, which only a hand-made object can cause. */
export function kindOf(object: { readonly kind: string }): Kind {
  const kind = byName.get(object.kind);
  if (kind === undefined) throw new Error(`no kind is registered as ${object.kind}`);
  return kind;
}
