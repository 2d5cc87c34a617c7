import { SquashError } from '../errors.js';

/** String constants, quoted names, and the empty quotes that are neither. */
const quoted = /'(?:[^']|'')*'|"(?:[^"]|"")+"|""/g;

/**
 * Where some arguments of a function have a name and others don't, PostgreSQL prints the latter in its
 * body as `""` (get_parameter in ruleutils.c), which nothing can parse: the number takes its place.
 *
 * @param definition what pg_get_functiondef gives.
 * @param nameless numbers of the arguments without a name that the body uses.
 * @throws SquashError OBJECT_UNSUPPORTED where the body uses several, which all look alike.
 */
export function numberNameless(definition: string, nameless: readonly number[], routine: string): string {
  if (nameless.length === 0 || !definition.match(quoted)?.includes('""')) return definition;
  if (nameless.length > 1) {
    throw new SquashError(
      'OBJECT_UNSUPPORTED',
      `the ${routine} uses several arguments without a name beside others with one, and the server prints them all as ""`,
      { hint: 'Name its arguments in a migration (CREATE OR REPLACE does for those that have no name).' },
    );
  }
  return definition.replaceAll(quoted, (token) => (token === '""' ? `$${nameless[0]}` : token));
}
