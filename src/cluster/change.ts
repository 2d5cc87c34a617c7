import type { DatabaseTraits, Membership, Role, Setting, Surroundings } from './surroundings.js';

/** What a history did around its database: never to a role's password, which nobody reads. */
export interface SurroundingsChange {
  /** Roles that weren't there before, by name. */
  readonly made: Readonly<Record<string, Role>>;
  /** Roles that were there and are otherwise now. */
  readonly altered: Readonly<Record<string, Role>>;
  readonly dropped: readonly string[];
  readonly granted: readonly Membership[];
  readonly revoked: readonly Membership[];
  readonly set: readonly Setting[];
  readonly reset: readonly Setting[];
  /** Only what differs; a comment that was taken away is null. */
  readonly database: Partial<Omit<DatabaseTraits, 'comment'>> & { readonly comment?: string | null };
}

export const unchanged: SurroundingsChange = {
  made: {},
  altered: {},
  dropped: [],
  granted: [],
  revoked: [],
  set: [],
  reset: [],
  database: {},
};

/** What differs between two readings of the same database. Pure. */
export function changeBetween(before: Surroundings, after: Surroundings): SurroundingsChange {
  const names = Object.keys(after.roles);
  const pick = (keep: (name: string) => boolean): Readonly<Record<string, Role>> =>
    Object.fromEntries(names.filter(keep).map((name) => [name, after.roles[name] ?? {}]));
  return {
    made: pick((name) => !(name in before.roles)),
    altered: pick((name) => name in before.roles && !same(before.roles[name], after.roles[name])),
    dropped: Object.keys(before.roles).filter((name) => !(name in after.roles)),
    granted: without(after.members, before.members),
    revoked: without(before.members, after.members).filter(
      ({ role, member }) => !after.members.some((other) => other.role === role && other.member === member),
    ),
    set: without(after.settings, before.settings),
    reset: without(before.settings, after.settings).filter(
      (setting) => !after.settings.some((other) => place(other) === place(setting)),
    ),
    database: changedTraits(before.database, after.database),
  };
}

function changedTraits(before: DatabaseTraits, after: DatabaseTraits): SurroundingsChange['database'] {
  return {
    ...(before.owner === after.owner || after.owner === undefined ? {} : { owner: after.owner }),
    ...(before.comment === after.comment ? {} : { comment: after.comment ?? null }),
    ...(before.connectionLimit === after.connectionLimit
      ? {}
      : { connectionLimit: after.connectionLimit ?? -1 }),
    ...(same(before.grants, after.grants) ? {} : { grants: after.grants }),
  };
}

/** Where a setting belongs, and its name: `app true search_path`. */
function place({ role, inDatabase, value }: Setting): string {
  return JSON.stringify([role ?? null, inDatabase === true, value.slice(0, value.indexOf('='))]);
}

function without<T>(list: readonly T[], other: readonly T[]): readonly T[] {
  const known = new Set(other.map((entry) => JSON.stringify(entry)));
  return list.filter((entry) => !known.has(JSON.stringify(entry)));
}

function same(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
