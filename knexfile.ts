import type { Knex } from 'knex';

/** The example project: with no DATABASE_URL, knex-squash uses its embedded PostgreSQL. */
const config: Knex.Config = {
  client: 'pg',
  ...(process.env.DATABASE_URL === undefined ? {} : { connection: process.env.DATABASE_URL }),
  migrations: { directory: './migrations', extension: 'ts', loadExtensions: ['.ts'] },
};

export default config;
