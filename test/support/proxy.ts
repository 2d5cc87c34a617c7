import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ClientConfig } from 'pg';

/** What a proxy does to the bytes that pass; without any of it they pass as they are. */
export interface ProxyOptions {
  /** Milliseconds by which each piece is held back, in either direction. */
  readonly delayMs?: number;
  /** Cuts every connection for good once so many bytes have passed in that direction, all connections together. */
  readonly cut?: { readonly direction: 'up' | 'down'; readonly afterBytes: number };
  /** Lets the server carry out the first message that holds this text, and cuts the connection instead of passing the answer on. */
  readonly swallowAnswerTo?: string;
  /** Only once this text has passed on the same connection. */
  readonly swallowAfter?: string;
}

export interface Proxy {
  /** The same server and database by way of the proxy. */
  readonly config: ClientConfig;
  /** Bytes that have passed so far, from clients and from the server. */
  readonly passed: { up: number; down: number };
  /** How often the wish was fulfilled. */
  readonly struck: number;
}

/** Runs `fn` with a proxy on loopback between it and a server. */
export async function withProxy<T>(
  target: ClientConfig,
  options: ProxyOptions,
  fn: (proxy: Proxy) => Promise<T>,
): Promise<T> {
  const state: State = { options, passed: { up: 0, down: 0 }, struck: 0, isCut: false, sockets: new Set() };
  const server = createServer((client) => join(state, client, target));
  const port = await listen(server);
  const proxy: Proxy = {
    config: { ...target, host: '127.0.0.1', port },
    passed: state.passed,
    get struck() {
      return state.struck;
    },
  };
  try {
    return await fn(proxy);
  } finally {
    for (const socket of state.sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  }
}

interface State {
  readonly options: ProxyOptions;
  readonly passed: { up: number; down: number };
  readonly sockets: Set<Socket>;
  struck: number;
  isCut: boolean;
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function join(state: State, client: Socket, target: ClientConfig): void {
  if (state.isCut) return void client.destroy();
  const upstream = connect(target.port ?? 5432, target.host ?? '127.0.0.1');
  const pair = { client, upstream, isArmed: state.options.swallowAfter === undefined, isSwallowing: false };
  const end = () => {
    client.destroy();
    upstream.destroy();
  };
  for (const socket of [client, upstream]) {
    state.sockets.add(socket.setNoDelay(true).on('error', end).on('close', end));
  }
  client.on('data', (bytes) => pass(state, 'up', bytes, pair));
  upstream.on('data', (bytes) => pass(state, 'down', bytes, pair));
}

interface Pair {
  readonly client: Socket;
  readonly upstream: Socket;
  isArmed: boolean;
  isSwallowing: boolean;
}

function pass(state: State, direction: 'up' | 'down', bytes: Buffer, pair: Pair): void {
  const { cut, swallowAnswerTo, swallowAfter, delayMs = 0 } = state.options;
  const to = direction === 'up' ? pair.upstream : pair.client;
  if (direction === 'down' && pair.isSwallowing) {
    // The server has answered, so it has done it: nobody will hear of it.
    state.struck += 1;
    return void pair.client.destroy();
  }
  const isWish = direction === 'up' && state.struck === 0 && swallowAnswerTo !== undefined;
  if (isWish && pair.isArmed && bytes.includes(swallowAnswerTo)) pair.isSwallowing = true;
  if (direction === 'up' && swallowAfter !== undefined && bytes.includes(swallowAfter)) pair.isArmed = true;
  const left =
    cut?.direction === direction ? cut.afterBytes - state.passed[direction] : Number.POSITIVE_INFINITY;
  const piece = left < bytes.length ? bytes.subarray(0, Math.max(0, left)) : bytes;
  state.passed[direction] += piece.length;
  const write = () => {
    if (!to.destroyed) to.write(piece);
    if (piece.length === bytes.length) return;
    // What was written still goes out, as on a line that breaks behind it.
    state.isCut = true;
    state.struck += 1;
    setImmediate(() => {
      for (const socket of state.sockets) socket.destroy();
    });
  };
  if (delayMs === 0) write();
  else setTimeout(write, delayMs);
}
