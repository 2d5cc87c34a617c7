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
