import { withClient } from '../../src/database/client.js';
import { quoteIdent, quoteLiteral } from '../../src/database/sql.js';
import { type Case, listCases } from './cases.js';
import { proveCase } from './prove-case.js';
import { serverMajor, testServer } from './server.js';
import { testIf } from './test-if.js';

/** Roles belong to the whole server, so cases find these and make none. */
const roles = ['case_owner', 'case_reader', 'case_writer', 'Case "odd" role'];

/** One test for each case of one half; the halves are two files, so that they run side by side. */
export async function runCases(half: 0 | 1): Promise<void> {
  const major = await serverMajor(testServer());
  beforeAll(ensureRoles);
  const mine = listCases().filter((_, at) => at % 2 === half);
  for (const each of mine) {
    const unfit = misfit(each, major);
    testIf(unfit === null, unfit ?? '')(each.name, () => proveCase(each));
  }
  // Jest takes a file without a test for a mistake.
  if (mine.length === 0) test.todo('none in this half');
}

/** Why a case can't be built on that major, or null. */
function misfit({ minMajor = 0, maxMajor = Number.POSITIVE_INFINITY }: Case, major: number): string | null {
  if (major < minMajor) return `PostgreSQL ${minMajor} brought it, this is ${major}`;
  return major > maxMajor ? `it can't be built since PostgreSQL ${maxMajor + 1}, this is ${major}` : null;
}

/** Makes the roles that cases name; safe when several tests do it at once. */
export async function ensureRoles(): Promise<void> {
  await withClient(testServer(), (client) =>
    client.query(
      [
        'BEGIN; SELECT pg_advisory_xact_lock(7)',
        ...roles.map(
          (role) => `DO $$ BEGIN
            IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = ${quoteLiteral(role)}) THEN
              CREATE ROLE ${quoteIdent(role)}; END IF; END $$`,
        ),
        'COMMIT',
      ].join(';\n'),
    ),
  );
}
