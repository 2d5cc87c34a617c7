import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { ClientConfig } from 'pg';

/** The number after `--name` on the command line. */
export function argument(name: string, otherwise: number): number {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

/** The middle one; of none, NaN. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

/** Runs one of PostgreSQL's own programs on a database: that in PG_BIN, or on PATH. */
export function client(
  name: string,
  { host, port, user, password, database }: ClientConfig,
  args: readonly string[],
): void {
  const program = process.env.PG_BIN === undefined ? name : join(process.env.PG_BIN, name);
  const secret = typeof password === 'string' ? { PGPASSWORD: password } : {};
  const place = {
    PGHOST: String(host),
    PGPORT: String(port),
    PGUSER: user ?? '',
    PGDATABASE: database ?? '',
  };
  execFileSync(program, args, {
    env: { ...process.env, ...place, ...secret },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}
