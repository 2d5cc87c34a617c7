import { aspectStatements } from '../catalog/aspects/statements.js';
import { kindOf } from '../catalog/kinds/index.js';
import type { Attributes, CatalogObject } from '../catalog/model.js';
import { quoteIdent } from '../database/sql.js';

/** A change to one object that a proof must see. */
export interface Mutation {
  /** What it touches: `removed`, `comment`, `row security`. */
  readonly what: string;
  readonly statement: string;
}

type Alteration = (object: CatalogObject) => string | null;

/** A name that no project has. */
const probe = 'knex_squash_mutation';

const toggled = (value: unknown, on: string, off: string): string => (value === true ? off : on);

const quoted = ({ name }: CatalogObject): string => quoteIdent(name);

/** A relation's first column, quoted, or null where it has none. */
function firstColumn({ columns }: Attributes): string | null {
  const [column] = (columns ?? []) as unknown as readonly { readonly name: string }[];
  return column === undefined ? null : quoteIdent(column.name);
}

function statisticsOf(noun: string): Alteration {
  return ({ identity, attributes }) => {
    const column = firstColumn(attributes);
    return column === null ? null : `ALTER ${noun} ${identity} ALTER COLUMN ${column} SET STATISTICS 77`;
  };
}

function securityOf(noun: string): Alteration {
  return ({ identity, attributes }) => {
    const isDefiner = /^ .*\bSECURITY DEFINER\b/m.test(String(attributes.definition));
    return `ALTER ${noun} ${identity} SECURITY ${isDefiner ? 'INVOKER' : 'DEFINER'}`;
  };
}

function rename(noun: string): Alteration {
  return ({ identity }) => `ALTER ${noun} ${identity} RENAME TO ${probe}`;
}

const revokeUsage: Alteration = ({ identity, attributes }) =>
  attributes.grants === undefined ? `REVOKE USAGE ON TYPE ${identity} FROM PUBLIC` : null;

/** By kind, what of an object can be altered without taking it away, by the name of what is touched. */
const alterations: Readonly<Record<string, Readonly<Record<string, Alteration>>>> = {
  schema: {
    // Up to PostgreSQL 14 everybody may create in `public` anyway; what was granted already would change nothing.
    grants: ({ identity, attributes }) =>
      attributes.grants !== undefined
        ? null
        : identity === 'public'
          ? 'REVOKE USAGE ON SCHEMA public FROM PUBLIC'
          : `GRANT CREATE ON SCHEMA ${identity} TO PUBLIC`,
  },
  enum: { labels: ({ identity }) => `ALTER TYPE ${identity} ADD VALUE '${probe}'`, grants: revokeUsage },
  composite: { fields: ({ identity }) => `ALTER TYPE ${identity} ADD ATTRIBUTE ${probe} int CASCADE` },
  domain: {
    default: ({ identity, attributes }) =>
      attributes.default === undefined
        ? `ALTER DOMAIN ${identity} SET DEFAULT 1`
        : `ALTER DOMAIN ${identity} DROP DEFAULT`,
    check: ({ identity }) => `ALTER DOMAIN ${identity} ADD CONSTRAINT ${probe} CHECK (true) NOT VALID`,
  },
  range: { grants: revokeUsage },
  'base type': { grants: revokeUsage },
  collation: { name: rename('COLLATION') },
  conversion: { name: rename('CONVERSION') },
  language: {
    name: rename('LANGUAGE'),
    // The server refuses it of one that isn't trusted.
    grants: ({ identity, attributes }) =>
      attributes.trusted === true ? `REVOKE USAGE ON LANGUAGE ${identity} FROM PUBLIC` : null,
  },
  operator: { estimator: ({ identity }) => `ALTER OPERATOR ${identity} SET (RESTRICT = contsel)` },
  'text search configuration': {
    mappings: ({ identity }) =>
      `ALTER TEXT SEARCH CONFIGURATION ${identity} DROP MAPPING IF EXISTS FOR word, asciiword`,
  },
  'text search dictionary': { name: rename('TEXT SEARCH DICTIONARY') },
  sequence: { increment: ({ identity }) => `ALTER SEQUENCE ${identity} INCREMENT BY 7919` },
  'foreign data wrapper': {
    handler: ({ identity }) => `ALTER FOREIGN DATA WRAPPER ${identity} OPTIONS (ADD ${probe} 'x')`,
  },
  'foreign server': { version: ({ identity }) => `ALTER SERVER ${identity} VERSION '${probe}'` },
  'foreign table': { columns: ({ identity }) => `ALTER FOREIGN TABLE ${identity} ADD COLUMN ${probe} int` },
  table: {
    columns: ({ identity, attributes }) =>
      attributes.partitionOf === undefined && attributes.ofType === undefined
        ? `ALTER TABLE ${identity} ADD COLUMN ${probe} int`
        : null,
    statistics: statisticsOf('TABLE ONLY'),
    'row security': ({ identity, attributes }) =>
      `ALTER TABLE ${identity} ${toggled(attributes.rowSecurity, 'ENABLE', 'DISABLE')} ROW LEVEL SECURITY`,
    'replica identity': ({ identity, attributes }) =>
      `ALTER TABLE ${identity} REPLICA IDENTITY ${attributes.replicaIdentity === 'FULL' ? 'NOTHING' : 'FULL'}`,
    grants: ({ identity }) => `GRANT TRIGGER ON TABLE ${identity} TO PUBLIC`,
  },
  function: {
    security: securityOf('FUNCTION'),
    cost: ({ identity }) => `ALTER FUNCTION ${identity} COST 7919`,
  },
  procedure: { security: securityOf('PROCEDURE') },
  view: {
    options: ({ identity, attributes }) =>
      `ALTER VIEW ${identity} SET (security_barrier = ${!String(attributes.options).includes('security_barrier=true')})`,
    grants: ({ identity }) => `GRANT TRIGGER ON TABLE ${identity} TO PUBLIC`,
  },
  'materialized view': {
    statistics: statisticsOf('MATERIALIZED VIEW'),
    populated: ({ identity, attributes }) =>
      attributes.populated === true ? `REFRESH MATERIALIZED VIEW ${identity} WITH NO DATA` : null,
  },
  constraint: {
    name: (object) =>
      `ALTER ${object.attributes.onKind} ${object.attributes.on} RENAME CONSTRAINT ${quoted(object)} TO ${probe}`,
    deferrable: (object) =>
      object.attributes.type === 'foreign key'
        ? `ALTER TABLE ${object.attributes.on} ALTER CONSTRAINT ${quoted(object)} ${
            / DEFERRABLE/.test(String(object.attributes.definition)) ? 'NOT DEFERRABLE' : 'DEFERRABLE'
          }`
        : null,
  },
  index: {
    options: ({ identity }) => `ALTER INDEX ${identity} SET (fillfactor = 77)`,
    name: rename('INDEX'),
  },
  statistics: { target: ({ identity }) => `ALTER STATISTICS ${identity} SET STATISTICS 77` },
  rule: {
    state: (object) =>
      object.attributes.state === undefined
        ? `ALTER TABLE ${object.attributes.on} DISABLE RULE ${quoted(object)}`
        : null,
  },
  trigger: {
    state: (object) =>
      object.attributes.state === undefined
        ? `ALTER ${object.attributes.noun} ${object.attributes.on} DISABLE TRIGGER ${quoted(object)}`
        : null,
  },
  policy: {
    using: ({ identity, attributes }) =>
      attributes.command === 'INSERT' ? null : `ALTER POLICY ${identity} USING (1 = 7919)`,
    check: ({ identity, attributes }) =>
      attributes.command === 'INSERT' ? `ALTER POLICY ${identity} WITH CHECK (1 = 7919)` : null,
  },
  publication: {
    publish: ({ identity }) => `ALTER PUBLICATION ${identity} SET (publish_via_partition_root = true)`,
  },
  subscription: {
    slot: ({ identity }) => `ALTER SUBSCRIPTION ${identity} SET (synchronous_commit = 'remote_apply')`,
  },
  'event trigger': {
    state: ({ identity, attributes }) =>
      attributes.state === undefined ? `ALTER EVENT TRIGGER ${identity} DISABLE` : null,
  },
};

/** Every mutation of an object: its removal, a comment, and what its kind can alter. */
export function mutationsOf(object: CatalogObject): readonly Mutation[] {
  const altered = Object.entries(alterations[object.kind] ?? {}).map(
    ([what, alter]) => [what, alter(object)] as const,
  );
  return [['removed', removal(object)] as const, ['comment', comment(object)] as const, ...altered].flatMap(
    ([what, statement]) => (statement === null ? [] : [{ what, statement }]),
  );
}

/** The statement with which a baseline's way back drops the object, and what it would have dropped before. */
function removal(object: CatalogObject): string | null {
  if (object.kind === 'constraint') {
    const { onKind, on } = object.attributes;
    return `ALTER ${onKind} ${on} DROP CONSTRAINT ${quoted(object)} CASCADE`;
  }
  if (object.kind.endsWith(' of family')) {
    const { family, number, left, right } = object.attributes;
    const noun = object.kind.startsWith('operator') ? 'OPERATOR' : 'FUNCTION';
    return `ALTER OPERATOR FAMILY ${family} DROP ${noun} ${number} (${left}, ${right})`;
  }
  const statement = kindOf(object).drop(object);
  // Nothing can depend on a user mapping, so there is no CASCADE.
  return statement?.startsWith('DROP ') && object.kind !== 'user mapping'
    ? `${statement} CASCADE`
    : statement;
}

function comment(object: CatalogObject): string | null {
  const kind = kindOf(object);
  if (kind.noun.comment === undefined) return null;
  const commented = { ...object, attributes: { comment: probe } };
  return aspectStatements(commented, kind).at(-1) ?? null;
}
