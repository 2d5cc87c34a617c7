import type { DatabaseTraits, Membership, Role, Setting, Surroundings } from './surroundings.js';

/** What a history did around its database: never to a role's password, which nobody reads. */
export interface SurroundingsChange {
  /** Roles that weren't there before, by name. */
  readonly made: Readonly<Record<string, Role>>;
  /** Roles that were there before: as they were, and as they are now. */
  readonly altered: Readonly<Record<string, { readonly from: Role; readonly to: Role }>>;
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
  const roles = Object.entries(after.roles).map(([name, to]) => ({ name, from: before.roles[name], to }));
  return {
    made: Object.fromEntries(
      roles.filter(({ from }) => from === undefined).map(({ name, to }) => [name, to]),
    ),
    altered: Object.fromEntries(
      roles.flatMap(({ name, from, to }) =>
        from === undefined || same(from, to) ? [] : [[name, { from, to }]],
      ),
    ),
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

/** The roles, as SQL writes them, that it makes, alters or gives to others: what belongs to the whole server. */
export function clusterNames(change: SurroundingsChange): readonly string[] {
  const { made, altered, dropped, granted, revoked, set, reset } = change;
  return [
    ...Object.keys(made),
    ...Object.keys(altered),
    ...dropped,
    ...[...granted, ...revoked].flatMap(({ role, member }) => [role, member]),
    ...[...set, ...reset].filter(({ inDatabase }) => inDatabase !== true).flatMap(({ role }) => role ?? []),
  ];
}

/** The part that belongs to the database alone. */
export function databaseOnly(change: SurroundingsChange): SurroundingsChange {
  const ofDatabase = (setting: Setting): boolean => setting.inDatabase === true;
  return {
    ...unchanged,
    set: change.set.filter(ofDatabase),
    reset: change.reset.filter(ofDatabase),
    database: change.database,
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
