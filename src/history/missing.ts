import type { Queryable } from '../database/client.js';
import { errorCode } from '../database/client.js';
import { isSquashError, SquashError } from '../errors.js';
import type { Prerequisites } from './prerequisites.js';

/** What PostgreSQL's own contrib package brings (manual, Additional Supplied Modules and Extensions). */
const contrib =
  'amcheck autoinc bloom btree_gin btree_gist citext cube dblink dict_int dict_xsyn earthdistance file_fdw fuzzystrmatch hstore insert_username intagg intarray isn lo ltree moddatetime pageinspect pg_buffercache pg_freespacemap pg_prewarm pg_stat_statements pg_surgery pg_trgm pg_visibility pg_walinspect pgcrypto pgrowlocks pgstattuple postgres_fdw refint seg sslinfo tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp xml2'.split(
    ' ',
  );

/** Packages of Debian and of PostgreSQL's own repositories, `%` for the major. */
const packages: Readonly<Record<string, string>> = {
  ...Object.fromEntries(contrib.map((name) => [name, 'postgresql-contrib'])),
  age: 'postgresql-%-age',
  hll: 'postgresql-%-hll',
  hypopg: 'postgresql-%-hypopg',
  ip4r: 'postgresql-%-ip4r',
  pg_cron: 'postgresql-%-cron',
  pg_partman: 'postgresql-%-partman',
  pg_repack: 'postgresql-%-repack',
  pgaudit: 'postgresql-%-pgaudit',
  pgrouting: 'postgresql-%-pgrouting',
  pgtap: 'postgresql-%-pgtap',
  plperl: 'postgresql-plperl-%',
  plpython3u: 'postgresql-plpython3-%',
  plv8: 'postgresql-%-plv8',
  postgis: 'postgresql-%-postgis-3',
  postgis_raster: 'postgresql-%-postgis-3',
  postgis_topology: 'postgresql-%-postgis-3',
  rum: 'postgresql-%-rum',
  timescaledb: 'timescaledb-2-postgresql-%',
  vector: 'postgresql-%-pgvector',
};

/**
 * Finds extensions that the server lacks before anything is replayed.
 *
 * @param server where, for the message: `localhost:5432`
 * @throws SquashError EXTENSION_MISSING naming all of them, the migrations and what to install.
 */
export async function refuseMissingExtensions(
  client: Queryable,
  { extensions }: Prerequisites,
  server: string,
): Promise<void> {
  if (extensions.length === 0) return;
  const { rows } = await client.query<{ name: string; major: number }>(
    `SELECT needed.name, current_setting('server_version_num')::int / 10000 AS major FROM unnest($1::text[]) needed (name)
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions a WHERE a.name = needed.name)`,
    [extensions.map(({ name }) => name)],
  );
  const [row] = rows;
  if (row === undefined) return;
  const lacking = rows.map(({ name }) => name);
  const named = nameMakers(extensions, lacking);
  throw extensionMissing(`the server ${server} lacks ${named}`, lacking, row.major);
}

/**
 * As {@link refuseMissingExtensions} where a history needs a server of its own and no PostgreSQL of this
 * machine has all its extensions.
 */
export function refuseLacking(
  { extensions }: Prerequisites,
  lacking: readonly string[],
  { reason, major }: { readonly reason: string; readonly major: number },
): void {
  if (lacking.length === 0) return;
  const wanted = [`postgresql-${major}`, ...packagesOf(lacking, major)];
  throw new SquashError(
    'EXTENSION_MISSING',
    `${reason}, which reaches beyond the database, so it is replayed only on a server of its own; and no PostgreSQL ${major} that is installed here has ${nameMakers(extensions, lacking)}`,
    {
      hint: `Install PostgreSQL ${major} with ${lacking.join(', ')} on this machine (Debian: apt install ${wanted.join(' ')}); it is found in PG_BIN, on the PATH, or where its package puts it.`,
    },
  );
}

function nameMakers(extensions: Prerequisites['extensions'], lacking: readonly string[]): string {
  const named = extensions
    .filter(({ name }) => lacking.includes(name))
    .map(({ name, migration }) => `"${name}" (${migration})`);
  return `${named.length === 1 ? 'an extension that a migration makes' : 'extensions that migrations make'}: ${named.join(', ')}`;
}

/** Gives a migration's failure over a missing role or extension a code and a remedy of its own. */
export function explainMissing(error: unknown, major: number | null = null): unknown {
  if (!isSquashError(error) || error.code !== 'MIGRATION_FAILED') return error;
  const { message, cause } = error;
  const said = String((cause as { message?: unknown } | undefined)?.message ?? '');
  const role = /role "([^"]+)" does not exist/.exec(said)?.[1];
  if (errorCode(cause) === '42704' && role !== undefined) {
    const hint = `A migration mentions the role "${role}" and none makes it: create it on the configured server, from where shadows take it.`;
    return new SquashError('ROLE_MISSING', message, { hint, cause });
  }
  const extension = /extension "([^"]+)" is not available|extension\/([^"/]+)\.control/.exec(said);
  if (['0A000', '58P01'].includes(errorCode(cause) ?? '') && extension !== null) {
    return extensionMissing(message, [extension[1] ?? extension[2] ?? ''], major, cause);
  }
  return error;
}

function extensionMissing(
  message: string,
  names: readonly string[],
  major: number | null,
  cause?: unknown,
): SquashError {
  const wanted = packagesOf(names, major);
  const install =
    wanted.length === 0
      ? `Install the package that brings ${names.join(', ')} there`
      : `Install it there (Debian: apt install ${wanted.join(' ')})`;
  return new SquashError('EXTENSION_MISSING', message, {
    hint: `${install}, or point --shadow-url at a server of the same major that has it.`,
    cause,
  });
}

/** Debian's packages that bring these extensions, as far as they are known here. */
function packagesOf(names: readonly string[], major: number | null): readonly string[] {
  const known = [...new Set(names.map((name) => packages[name]).filter((name) => name !== undefined))];
  return known.map((name) => name.replace('%', major === null ? '<major>' : String(major)));
}
