const fence = [
  ['search_path', ''],
  ['client_encoding', 'UTF8'],
  ['DateStyle', 'ISO'],
  ['IntervalStyle', 'postgres'],
  ['TimeZone', 'UTC'],
  ['extra_float_digits', '3'],
  ['bytea_output', 'hex'],
  ['lc_monetary', 'C'],
  ['standard_conforming_strings', 'on'],
  ['quote_all_identifiers', 'off'],
  ['row_security', 'off'],
  ['jit', 'off'],
  ['statement_timeout', '0'],
  ['lock_timeout', '0'],
  ['idle_in_transaction_session_timeout', '0'],
] as const;

/**
 * Statements for the start of a transaction, in which then, whatever the session's settings, a value
 * reads and an object deparses the same. `transaction_timeout` exists since 17, so it is reset only
 * where the server has it.
 */
export const raiseFence = [
  ...fence.map(([name, value]) => `SET LOCAL ${name} = '${value}'`),
  "SELECT set_config(name, '0', true) FROM pg_catalog.pg_settings WHERE name = 'transaction_timeout'",
].join(';\n');
