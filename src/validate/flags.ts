import { canonicalJson } from '../catalog/fingerprint.js';
import type { Catalog, CatalogObject, Value } from '../catalog/model.js';
import type { Check, Finding } from './result.js';

interface Flag {
  readonly check: Check;
  readonly of: (object: CatalogObject) => Value | undefined;
  readonly message: string;
}

const disabled = (value: Value | undefined): Value | undefined =>
  value === 'DISABLE' || value === 'D' ? value : undefined;

/** Marks that PostgreSQL keeps on an object which is there and doesn't do its work. */
const flags: readonly Flag[] = [
  {
    check: 'invalid index',
    of: ({ kind, attributes }) =>
      kind === 'index' ? attributes.invalid : kind === 'constraint' ? attributes.invalidIndex : undefined,
    message: 'the index is invalid, as after a CREATE INDEX CONCURRENTLY that failed: no query uses it',
  },
  {
    check: 'not validated',
    of: ({ kind, attributes }) =>
      kind === 'constraint' &&
      (attributes.notValid === true || /\bNOT VALID$/.test(String(attributes.definition)))
        ? true
        : undefined,
    message: 'the constraint is NOT VALID: rows from before it may break it',
  },
  {
    check: 'disabled',
    of: ({ kind, attributes }) =>
      ['trigger', 'event trigger', 'rule'].includes(kind) ? disabled(attributes.state) : undefined,
    message: 'it is disabled and never fires',
  },
  {
    check: 'disabled',
    of: ({ kind, attributes }) =>
      kind === 'constraint' && canonicalJson(attributes.triggerStates ?? null).includes('"DISABLE"')
        ? true
        : undefined,
    message: 'a trigger that enforces the constraint is disabled: rows may break it',
  },
];

/**
 * Invalid indexes, constraints that are NOT VALID, triggers and rules that are disabled. Where the
 * migrations make the object so, it is a note. Pure.
 */
export function flagged(live: Catalog, expected: Catalog): readonly Finding[] {
  const before = new Map(expected.objects.map((object) => [object.id, object]));
  return live.objects.flatMap((object) =>
    flags.flatMap(({ check, of, message }): readonly Finding[] => {
      if (of(object) === undefined) return [];
      const was = before.get(object.id);
      const isMeant = was !== undefined && of(was) !== undefined;
      return [
        {
          check,
          object: object.id,
          severity: isMeant ? 'note' : 'error',
          message: isMeant ? `${message}; the migrations leave it so` : message,
        },
      ];
    }),
  );
}
