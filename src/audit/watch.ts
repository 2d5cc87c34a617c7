import createKnex, { type Knex } from 'knex';
import type { Client } from 'pg';
import type { Queryable } from '../database/client.js';

/** Who wrote a statement: Knex's builders, a migration's own SQL by knex.raw, or the driver past Knex. */
export type Maker = 'schema builder' | 'query builder' | 'raw SQL' | 'driver';

/** A statement on its way to the server. */
export interface Sent {
  readonly maker: Maker;
  readonly sql: string;
  /** The session that sends it; what is queried on it is not watched. */
  readonly session: Queryable;
}

/** Told of each statement before it goes; it waits. */
export type Watcher = (sent: Sent) => Promise<void>;

type KnexClient = NonNullable<Exclude<Knex.Config['client'], string>>;

/** What of Knex's client is overridden; its types don't tell of these (knex/lib/dialects/postgres/index.js). */
interface Internals {
  _query(session: Client, statement: { sql?: string; method?: string }): Promise<unknown>;
  acquireRawConnection(): Promise<Client>;
}

/**
 * A class of Knex client that tells `watcher` of each statement, transactions included: these make
 * their clients from the class. A statement that Knex's builders compile bears no method or that of a
 * query, `knex.raw` and `knex.schema.raw` bear `raw`, and what comes to the session by another way was
 * sent past Knex.
 *
 * @param client the project's own client: a name or a class.
 */
export function watchedClient(client: Knex.Config['client'], watcher: Watcher): KnexClient {
  const Base = baseOf(client) as unknown as new (...args: unknown[]) => Internals;
  class Watched extends Base {
    override async _query(session: Client, statement: { sql?: string; method?: string }): Promise<unknown> {
      const original = originals.get(session);
      if (original === undefined || statement.sql === undefined) return super._query(session, statement);
      await watcher({ maker: makerOf(statement), sql: statement.sql, session: { query: original } });
      byKnex.add(session);
      try {
        // It calls the driver before it returns its promise.
        return super._query(session, statement);
      } finally {
        byKnex.delete(session);
      }
    }

    override async acquireRawConnection(): Promise<Client> {
      return watchSession(await super.acquireRawConnection(), watcher);
    }
  }
  return Watched as unknown as KnexClient;
}

const originals = new WeakMap<Client, Client['query']>();
const byKnex = new WeakSet<Client>();

function baseOf(client: Knex.Config['client']): unknown {
  return typeof client === 'function' ? client : createKnex({ client: client ?? 'pg' }).client.constructor;
}

function makerOf({ method }: { readonly method?: string }): Maker {
  if (method === 'raw') return 'raw SQL';
  return method === undefined ? 'schema builder' : 'query builder';
}

function watchSession(session: Client, watcher: Watcher): Client {
  const original = session.query.bind(session) as Client['query'];
  originals.set(session, original);
  const send = original as (...args: readonly unknown[]) => unknown;
  session.query = ((...args: readonly unknown[]) => {
    const sql = textOf(args[0]);
    // A stream of COPY has to be given back at once.
    if (byKnex.has(session) || sql === null) return send(...args);
    const told = watcher({ maker: 'driver', sql, session: { query: original } });
    const callback = args.at(-1);
    if (typeof callback !== 'function') return told.then(() => send(...args));
    told.then(
      () => send(...args),
      (error: unknown) => callback(error),
    );
    return undefined;
  }) as Client['query'];
  return session;
}

function textOf(query: unknown): string | null {
  if (typeof query === 'string') return query;
  const { text, submit } = Object(query) as { text?: unknown; submit?: unknown };
  return typeof text === 'string' && typeof submit !== 'function' ? text : null;
}
