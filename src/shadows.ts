import type { ClientConfig } from 'pg';
import { clusterNames, type SurroundingsChange } from './cluster/change.js';
import { createRole, grantStatement, roleClauses } from './cluster/statements.js';
import { readSurroundings, type Surroundings } from './cluster/surroundings.js';
import { databaseName, describeServer, withClient } from './database/client.js';
import type { Binaries } from './database/embedded/binaries.js';
import { findServer, type Isolation } from './database/isolated.js';
import { readLocale } from './database/locale.js';
import type { Server } from './database/server.js';
import type { ShadowOptions } from './database/shadow.js';
import { quoteIdent, unquoteIdent } from './database/sql.js';
import { SquashError } from './errors.js';
import type { Migration } from './history/migration.js';
import { refuseLacking, refuseMissingExtensions } from './history/missing.js';
import {
  type MigrationText,
  mentionedRoles,
  type Prerequisites,
  readPrerequisites,
  readTexts,
} from './history/prerequisites.js';
import type { Settings } from './settings/settings.js';

/** What decides on how shadows are made. */
export type ShadowServer = Pick<Server, 'shadow' | 'target'>;

/** Roles that a replay was seen to touch, though no migration's text says so. */
export type Unforeseen = readonly string[];

/**
 * How the shadows for these migrations are made: like the configured database, and on a server of
 * their own where the migrations reach beyond it, since no squash may touch the real server's roles.
 *
 * @throws SquashError EXTENSION_MISSING, EMBEDDED_UNAVAILABLE where they need a server of their own and none is
 *   installed, OBJECT_UNSUPPORTED for a subscription that would connect.
 */
export async function shadowOptions(
  server: ShadowServer,
  settings: Pick<Settings, 'root'>,
  migrations: readonly Migration[],
  unforeseen: Unforeseen = [],
): Promise<ShadowOptions> {
  const texts = await readTexts(migrations);
  const prerequisites = readPrerequisites(texts);
  refuseConnecting(prerequisites);
  const like = await likeTarget(server.target);
  if (prerequisites.onCluster.length > 0 || unforeseen.length > 0) {
    return {
      ...like,
      isolation: await isolationFor(server, settings.root, texts, prerequisites, unforeseen),
    };
  }
  await withClient(server.shadow, (client) =>
    refuseMissingExtensions(client, prerequisites, describeServer(server.shadow)),
  );
  return like;
}

/** Roles that a replay on the shared server changed, and that these migrations speak of. */
export async function unforeseenRoles(
  change: SurroundingsChange,
  migrations: readonly Migration[],
): Promise<Unforeseen> {
  const names = clusterNames(change).map(unquoteIdent);
  if (names.length === 0) return [];
  // Whatever else happened on that server meanwhile is another's doing.
  return mentionedRoles(names, await readTexts(migrations), { rolesMade: [], makesUnnamedRoles: [] });
}

/** Shadows are made with the configured database's encoding and locale, where it exists. */
async function likeTarget(target: ClientConfig): Promise<ShadowOptions> {
  try {
    return { like: await withClient(target, readLocale) };
  } catch {
    // A database that isn't there yet has no locale to follow.
    return {};
  }
}

async function isolationFor(
  { shadow, target }: ShadowServer,
  root: string,
  texts: readonly MigrationText[],
  prerequisites: Prerequisites,
  unforeseen: Unforeseen,
): Promise<Isolation> {
  const { surroundings, ...session } = await withClient(shadow, async (client) => {
    const { rows } = await client.query<{ user: string; major: number }>(
      `SELECT current_user AS "user", current_setting('server_version_num')::int / 10000 AS major`,
    );
    return { user: '', major: 0, ...rows[0], surroundings: await readSurroundings(client) };
  });
  const { user, major } = session;
  return {
    ...{ root, user, binaries: binariesFor(root, major, prerequisites, unforeseen) },
    database: databaseName(target) ?? user,
    userClauses: roleClauses(surroundings.roles.CURRENT_USER ?? {}),
    roles: rolesToBring(user, surroundings, texts, prerequisites, unforeseen),
  };
}

/** The programs of a server that the history finds its extensions on. @throws SquashError EXTENSION_MISSING. */
function binariesFor(
  root: string,
  major: number,
  prerequisites: Prerequisites,
  unforeseen: Unforeseen,
): Binaries {
  const reason = reasonOf(prerequisites, unforeseen);
  const extensions = prerequisites.extensions.map(({ name }) => name);
  const { binaries, lacking } = findServer({ reason, root, major, extensions });
  refuseLacking(prerequisites, lacking, { reason, major });
  return binaries;
}

function reasonOf({ onCluster: [first] }: Prerequisites, unforeseen: Unforeseen): string {
  return first === undefined
    ? `the history changes the roles ${unforeseen.join(', ')}`
    : `${first.migration} says ${first.words}`;
}

/** The roles that migrations mention and don't make, with their memberships among each other. */
function rolesToBring(
  user: string,
  { roles, members }: Surroundings,
  texts: readonly MigrationText[],
  prerequisites: Prerequisites,
  unforeseen: Unforeseen,
): readonly string[] {
  // The embedded server has its own first role.
  const others = Object.keys(roles).filter((name) => !['CURRENT_USER', 'postgres'].includes(name));
  const mentioned = new Set(mentionedRoles(others.map(unquoteIdent), texts, prerequisites));
  const isBrought = (name: string): boolean =>
    mentioned.has(unquoteIdent(name)) && !unforeseen.includes(unquoteIdent(name));
  const named = (name: string): string => (name === 'CURRENT_USER' ? quoteIdent(user) : name);
  const isThere = (name: string): boolean => name === 'CURRENT_USER' || isBrought(name);
  return [
    ...others.filter(isBrought).map((name) => createRole(name, roles[name] ?? {})),
    ...members
      .filter(({ role, member }) => isThere(role) && isThere(member))
      .map((membership) =>
        grantStatement({ ...membership, role: named(membership.role), member: named(membership.member) }),
      ),
  ];
}

function refuseConnecting({ subscriptions }: Prerequisites): void {
  if (subscriptions.length === 0) return;
  const named = subscriptions.map(({ words, migration }) => `${words} (${migration})`);
  throw new SquashError(
    'OBJECT_UNSUPPORTED',
    `a replay would reach for a publisher and take a slot there: ${named.join(', ')}`,
    {
      hint: 'Make it WITH (connect = false) and start the replication outside of the migrations, or keep the migration out of the squash with --to.',
    },
  );
}
