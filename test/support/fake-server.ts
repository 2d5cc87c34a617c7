import { createServer, type Socket } from 'node:net';

/** A server that speaks just enough of PostgreSQL's protocol to claim a version; `fn` gets its port. */
export async function withFakeServer<T>(
  versionNumber: number,
  version: string,
  fn: (port: number) => Promise<T>,
): Promise<T> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    socket.on('data', (bytes) => {
      // 'X' is a goodbye, 'Q' a query; only the first message of a session has no letter.
      if (bytes[0] === 0x58) socket.end();
      else socket.write(bytes[0] === 0x51 ? answer([String(versionNumber), version]) : greeting);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  try {
    return await fn(typeof address === 'object' && address !== null ? address.port : 0);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const ready = message('Z', Buffer.from('I'));
const greeting = Buffer.concat([message('R', int32(0)), ready]);

/** One row of two columns, an integer and a text (manual: "Message Formats"). */
function answer(values: readonly string[]): Buffer {
  const column = (name: string, type: number) =>
    Buffer.concat([
      Buffer.from(`${name}\0`),
      int32(0),
      int16(0),
      int32(type),
      int16(-1),
      int32(-1),
      int16(0),
    ]);
  const columns = [int16(2), column('num', 23), column('version', 25)];
  const cells = values.map((value) => Buffer.concat([int32(Buffer.byteLength(value)), Buffer.from(value)]));
  return Buffer.concat([
    message('T', Buffer.concat(columns)),
    message('D', Buffer.concat([int16(values.length), ...cells])),
    message('C', Buffer.from('SELECT 1\0')),
    ready,
  ]);
}

function message(letter: string, body: Buffer): Buffer {
  return Buffer.concat([Buffer.from(letter), int32(body.length + 4), body]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
}

function int16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
}
