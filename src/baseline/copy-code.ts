import type { ModuleFormat } from '../history/module-format.js';

/** What a baseline's own code is made of where it copies rows from files. */
export interface CopyCode {
  readonly imports: string;
  readonly functions: string;
}

const imported: readonly (readonly [string, string])[] = [
  ['createHash', 'node:crypto'],
  ['once', 'node:events'],
  ['createReadStream', 'node:fs'],
  ['dirname, join', 'node:path'],
  ['pipeline', 'node:stream/promises'],
  ['fileURLToPath', 'node:url'],
  ['createGunzip', 'node:zlib'],
];

/** How a file finds its own folder; in TypeScript nobody knows what it will be run as. */
const ownFolder: Readonly<Record<ModuleFormat, string>> = {
  commonjs: 'const folder = () => __dirname;',
  esm: 'const folder = () => dirname(fileURLToPath(import.meta.url));',
  typescript: `/** The folder of this file; where it runs as an ES module, only a stack tells. */
function folder(): string {
  if (typeof __dirname === 'string') return __dirname;
  const place = /(file:\\/\\/\\S+?)(?:\\?\\S*)?:\\d+:\\d+/.exec(new Error().stack ?? '')?.[1];
  if (place === undefined) throw new Error('the folder of this file is unknown');
  return dirname(fileURLToPath(place));
}`,
};

/**
 * The code that copies a table's rows from their file: streamed and checked, through pg's own
 * connection, so that the baseline needs no package besides knex and pg.
 */
export function copyCode(format: ModuleFormat): CopyCode {
  const typed = format === 'typescript';
  const as = (type: string): string => (typed ? `: ${type}` : '');
  const used = imported.filter(([names]) => format !== 'commonjs' || names !== 'fileURLToPath');
  const importing = ([names, module]: readonly [string, string]): string => {
    const needed = format === 'commonjs' ? names.replace('dirname, ', '') : names;
    return format === 'commonjs'
      ? `const { ${needed} } = require('${module}');\n`
      : `import { ${needed} } from '${module}';\n`;
  };
  const step = typed
    ? '{ copy, file, sha256 }: { copy: string; file: string; sha256: string }'
    : '{ copy, file, sha256 }';
  return {
    imports: used.map(importing).join(''),
    functions: `
${ownFolder[format]}

/** Copies the rows that lie in a file beside this one; a file that isn't the proved one is refused. */
async function copyRows(knex${as('Knex')}, ${step})${as('Promise<void>')} {
  const connection = await knex.client.acquireConnection();
  try {
    if (connection.connection?.sendCopyFromChunk === undefined) {
      throw new Error("only pg's JavaScript client can copy the rows of " + file);
    }
    await new Promise${typed ? '<void>' : ''}((resolve, reject) => {
      const over = new AbortController();
      let flaw${as('unknown')};
      // What pg asks of a query (pg/lib/client.js): COPY has no other way in.
      const query = {
        callback: undefined${typed ? ' as undefined | (() => void)' : ''},
        submit: (wire${as('any')}) => wire.query(copy),
        handleCopyInResponse: (wire${as('any')}) => {
          sendFile(wire, file, sha256, over.signal).then(
            () => wire.endCopyFrom(),
            (error) => {
              flaw = error;
              wire.sendCopyFail(String(error.message));
            },
          );
        },
        handleCommandComplete: () => {},
        handleReadyForQuery: () => {
          query.callback?.();
          resolve();
        },
        handleError: (error${as('unknown')}) => {
          query.callback?.();
          reject(flaw ?? error);
          over.abort();
        },
      };
      connection.query(query);
    });
  } finally {
    await knex.client.releaseConnection(connection);
  }
}

/** Piece by piece, no faster than the server takes it, so that nothing heaps up. */
async function sendFile(wire${as('any')}, file${as('string')}, sha256${as('string')}, signal${as('AbortSignal')})${as('Promise<void>')} {
  const hash = createHash('sha256');
  await pipeline(
    createReadStream(join(folder(), file)),
    async function* (pieces${as('AsyncIterable<Buffer>')}) {
      for await (const piece of pieces) {
        hash.update(piece);
        yield piece;
      }
    },
    createGunzip({ chunkSize: 65536 }),
    async (rows${as('AsyncIterable<Buffer>')}) => {
      for await (const piece of rows) {
        wire.sendCopyFromChunk(piece);
        if (wire.stream.writableNeedDrain) await once(wire.stream, 'drain', { signal });
      }
    },
    { signal },
  );
  if (hash.digest('hex') !== sha256) {
    throw new Error(file + " isn't the file that was proved: take it from git again");
  }
}
`,
  };
}
