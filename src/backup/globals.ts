import { unchanged } from '../cluster/change.js';
import { surroundingsScript } from '../cluster/statements.js';
import { readSurroundings } from '../cluster/surroundings.js';
import type { Queryable } from '../database/client.js';

/** Roles, memberships and settings of roles: they belong to the whole server. */
export const globalsName = 'globals.sql';

/**
 * SQL that makes every role of the server that is missing elsewhere, with its memberships and settings, and
 * without a password. It is for whoever moves to another server; no restore runs it.
 */
export async function readGlobals(client: Queryable): Promise<string> {
  const { roles, members, settings } = await readSurroundings(client);
  const { CURRENT_USER: _, ...made } = roles;
  const { roles: statements } = surroundingsScript({
    ...unchanged,
    made,
    granted: members,
    set: settings.filter(({ role, inDatabase }) => role !== undefined && inDatabase !== true),
  });
  return [
    '-- The roles of the server, without passwords: psql -X -f globals.sql, as a superuser, before the restore.',
    ...statements.map((statement) => `${statement};`),
    '',
  ].join('\n\n');
}
