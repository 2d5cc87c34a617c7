import { existsSync } from 'node:fs';
import { basename, join } from 'node:path';
import { createJiti } from 'jiti';

/** In Knex's order (knex/bin/cli.js), then those that only a newer Node or we can load. */
const names = ['js', 'mjs', 'ts', 'cjs', 'mts', 'cts', 'json'].map((extension) => `knexfile.${extension}`);

/** The keys that make an object a configuration rather than a set of environments. */
const configurationKeys = ['client', 'dialect', 'connection', 'connectionPool', 'migrations', 'squash'];

/** The absolute path of the knexfile in that folder, or null. */
export function findKnexfile(folder: string): string | null {
  return names.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

/**
 * What the knexfile exports by default: as Knex allows, an object or a function that returns (a
 * promise of) one.
 *
 * @throws whatever the file throws while it loads, and an Error when it exports no object.
 */
export async function loadKnexfile(path: string): Promise<Readonly<Record<string, unknown>>> {
  // No cache on disk: a knexfile can hold passwords.
  const jiti = createJiti(path, { fsCache: false, moduleCache: false, tsconfigPaths: true });
  const exported = unwrap(unwrap(await jiti.import(path)));
  const config: unknown = typeof exported === 'function' ? await exported() : exported;
  if (isRecord(config)) return config;
  throw new Error('its default export is neither an object nor a function that returns one');
}

/**
 * The configuration of one environment: the value of that key, or the whole when there is none, as in
 * Knex's own `resolveEnvironmentConfig`.
 *
 * @throws Error when the whole is plainly a set of other environments, which Knex would try to use.
 */
export function pickEnvironment(
  path: string,
  config: Readonly<Record<string, unknown>>,
  environment: string,
): Readonly<Record<string, unknown>> {
  const picked = config[environment];
  if (isRecord(picked)) return picked;
  const others = Object.keys(config).filter((key) => isRecord(config[key]));
  if (others.length === 0 || configurationKeys.some((key) => key in config)) return config;
  throw new Error(
    `${basename(path)} has no environment "${environment}": set --env or NODE_ENV to one of ${others.join(', ')}, or add it`,
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** A transpiled module wraps its default export once more. */
function unwrap(loaded: unknown): unknown {
  return isRecord(loaded) && loaded.default !== undefined ? loaded.default : loaded;
}
