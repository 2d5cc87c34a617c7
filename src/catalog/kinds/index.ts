import type { Kind } from '../kind.js';
import { accessMethod } from './access-method.js';
import { aggregate } from './aggregate.js';
import { baseType } from './base-type.js';
import { builtIns } from './built-in.js';
import { cast } from './cast.js';
import { collation } from './collation.js';
import { composite } from './composite.js';
import { constraint } from './constraint.js';
import { conversion } from './conversion.js';
import { columnDefault } from './default.js';
import { defaultPrivileges } from './default-privileges.js';
import { domain } from './domain.js';
import { enumType } from './enum.js';
import { eventTrigger } from './event-trigger.js';
import { extension } from './extension.js';
import { foreignDataWrapper } from './foreign-data-wrapper.js';
import { foreignServer } from './foreign-server.js';
import { foreignTable } from './foreign-table.js';
import { functionKind, procedure } from './function.js';
import { language } from './language.js';
import { materializedView } from './materialized-view.js';
import { operator } from './operator.js';
import { operatorClass } from './operator-class.js';
import { operatorFamily } from './operator-family.js';
import { functionOfFamily, operatorOfFamily } from './operator-family-member.js';
import { policy } from './policy.js';
import { publication } from './publication.js';
import { range } from './range.js';
import { rule } from './rule.js';
import { schema } from './schema.js';
import { sequence } from './sequence.js';
import { statistics } from './statistics.js';
import { subscription } from './subscription.js';
import { table } from './table.js';
import { index } from './table-index.js';
import { textSearchConfiguration } from './text-search-configuration.js';
import { textSearchDictionary } from './text-search-dictionary.js';
import { textSearchParser } from './text-search-parser.js';
import { textSearchTemplate } from './text-search-template.js';
import { transform } from './transform.js';
import { trigger } from './trigger.js';
import { userMapping } from './user-mapping.js';
import { view } from './view.js';

/** Every kind of object that a baseline can carry. A user's object of any other kind stops the squash. */
export const kinds: readonly Kind[] = [
  schema,
  extension,
  language,
  accessMethod,
  collation,
  conversion,
  enumType,
  composite,
  domain,
  range,
  baseType,
  cast,
  operator,
  operatorFamily,
  operatorOfFamily,
  functionOfFamily,
  operatorClass,
  transform,
  textSearchParser,
  textSearchTemplate,
  textSearchDictionary,
  textSearchConfiguration,
  sequence,
  foreignDataWrapper,
  foreignServer,
  userMapping,
  table,
  foreignTable,
  columnDefault,
  functionKind,
  procedure,
  aggregate,
  view,
  materializedView,
  constraint,
  index,
  statistics,
  rule,
  trigger,
  policy,
  publication,
  subscription,
  eventTrigger,
  defaultPrivileges,
  ...builtIns,
] as unknown as readonly Kind[];

const byName = new Map(kinds.map((kind) => [kind.name, kind]));

/** @throws Error when no kind of that name is registered, which only a hand-made object can cause. */
export function kindOf(object: { readonly kind: string }): Kind {
  const kind = byName.get(object.kind);
  if (kind === undefined) throw new Error(`no kind is registered as ${object.kind}`);
  return kind;
}
