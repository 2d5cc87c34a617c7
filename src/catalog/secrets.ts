import type { Queryable } from '../database/client.js';
import { SquashError } from '../errors.js';

/** Names of options that hold a secret, whatever the foreign data wrapper. */
const secretName =
  '(passw|passphrase|passcode|pwd|secret|token|credential|api_?key|access_?key|private_?key)';

/** A password inside a value: of a URL, or of a libpq connection string. */
const secretValue = `(://[^/@ ]*:[^/@ ]+@|\\m(password|passwd|pwd)\\s*=\\s*[^ ])`;

/** SQL that tells whether an option, `name=value`, is a secret. */
export function isSecretOption(option: string): string {
  return `(split_part(${option}, '=', 1) ~* '${secretName}' OR substr(${option}, strpos(${option}, '=') + 1) ~* '${secretValue}')`;
}

/** SQL that tells whether a connection string holds a password. */
export function isSecretConnection(connection: string): string {
  return `${connection} ~* '${secretValue}'`;
}

/**
 * SQL for an options array as json, in its order and without its secrets: each environment has its own,
 * so they belong neither into a baseline nor into a comparison.
 */
export function plainOptions(options: string): string {
  return `(SELECT json_agg(o ORDER BY at) FROM unnest(${options}) WITH ORDINALITY u (o, at) WHERE NOT ${isSecretOption('o')})`;
}

/** Options of foreign objects, with what messages call each object. */
const optionSources = `
  SELECT 'foreign data wrapper ' || quote_ident(fdwname) AS object, fdwoptions AS options FROM pg_foreign_data_wrapper WHERE oid >= 16384
  UNION ALL SELECT 'server ' || quote_ident(srvname), srvoptions FROM pg_foreign_server
  UNION ALL SELECT 'user mapping for ' || CASE umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(usename) END || ' on server ' || quote_ident(srvname), umoptions
    FROM pg_user_mappings
  UNION ALL SELECT 'foreign table ' || ftrelid::regclass, ftoptions FROM pg_foreign_table
  UNION ALL SELECT 'column ' || attrelid::regclass || '.' || quote_ident(attname), attfdwoptions FROM pg_attribute
    WHERE attfdwoptions IS NOT NULL AND NOT attisdropped`;

/** Mappings whose options this role may not see, by the rule of the view itself. */
const hiddenMappings = `
  SELECT m.usename, m.srvname FROM pg_user_mappings m JOIN pg_foreign_server s ON s.oid = m.srvid
  WHERE NOT current_setting('is_superuser')::boolean AND NOT CASE m.umuser
    WHEN 0 THEN pg_has_role(s.srvowner, 'USAGE')
    ELSE m.usename = current_user AND (pg_has_role(s.srvowner, 'USAGE') OR has_server_privilege(m.srvid, 'USAGE')) END`;

function refusalsQuery(superuser: boolean): string {
  const connection = superuser
    ? `CASE WHEN ${isSecretConnection('s.subconninfo')} THEN 'the password in the connection of subscription '
        WHEN s.subenabled THEN 'the running replication of subscription ' END`
    : `'the connection, which only a superuser may read, of subscription '`;
  return `
    SELECT 'the option ' || split_part(o, '=', 1) || ' of ' || object AS refusal
    FROM (${optionSources}) sources, unnest(options) o WHERE ${isSecretOption('o')}
    UNION ALL SELECT 'the options, which this role may not read, of the user mapping for ' || coalesce(usename, 'PUBLIC') || ' on server ' || srvname
    FROM (${hiddenMappings}) hidden
    UNION ALL SELECT ${connection} || quote_ident(s.subname) FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid
    WHERE d.datname = current_database()
    ORDER BY 1`;
}

/**
 * A baseline is a file that is shared: what it must not hold stops the squash by name. The values
 * themselves never leave the server.
 *
 * @throws SquashError OBJECT_UNSUPPORTED
 */
export async function refuseSecrets(client: Queryable): Promise<void> {
  const { rows: session } = await client.query<{ superuser: boolean }>(
    `SELECT current_setting('is_superuser')::boolean AS superuser`,
  );
  const { rows } = await client.query<{ refusal: string | null }>(
    refusalsQuery(session[0]?.superuser === true),
  );
  const refusals = rows.map((row) => row.refusal).filter((refusal) => refusal !== null);
  if (refusals.length === 0) return;
  throw new SquashError('OBJECT_UNSUPPORTED', `a baseline must not carry ${refusals.join(', ')}`, {
    hint: 'Take it out in a migration (ALTER USER MAPPING … OPTIONS (DROP password), ALTER SUBSCRIPTION … DISABLE) and set it in each environment, or keep the migrations that set it out of the squash with --to.',
  });
}
