import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { describeConnection } from '../src/database/client.js';
import type { SquashError } from '../src/errors.js';
import { loadSettings } from '../src/settings/load.js';
import { defaultRowSettings } from '../src/settings/rows.js';
import type { Flags, SquashOptions } from '../src/settings/schema.js';
import type { Settings } from '../src/settings/settings.js';
import { defaultValidateSettings } from '../src/settings/validate.js';

let folder = '';
const outside = { ...process.env };

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'knex-squash-settings-')));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  for (const name of Object.keys(process.env)) if (!(name in outside)) delete process.env[name];
  Object.assign(process.env, outside);
});

function write(files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function load(flags: Flags = {}, env: NodeJS.ProcessEnv = {}, cwd = folder): Promise<Settings> {
  return loadSettings({ cwd, env, flags });
}

async function refusal(flags: Flags = {}, env: NodeJS.ProcessEnv = {}): Promise<SquashError> {
  return load(flags, env).then(
    () => {
      throw new Error('it should have been refused');
    },
    (error: SquashError) => error,
  );
}

const place = (settings: Settings) =>
  settings.connection === null ? null : describeConnection(settings.connection);

describe('the knexfile', () => {
  const module = "{ client: 'pg', connection: 'postgres://me@db:1/app', migrations: { directory: 'm' } }";
  const esm = { 'package.json': '{ "type": "module" }' };
  const cjs = { 'package.json': '{}' };

  test.each<[string, Readonly<Record<string, string>>]>([
    [
      'TypeScript in an ES package',
      { ...esm, 'knexfile.ts': `const c: object = ${module};\nexport default c;` },
    ],
    [
      'TypeScript in a CommonJS package',
      {
        ...cjs,
        'knexfile.ts': `import { join } from 'node:path';\nvoid join;\nexport default ${module} as object;`,
      },
    ],
    ['TypeScript with module.exports', { ...cjs, 'knexfile.ts': `module.exports = ${module};` }],
    ['JavaScript in an ES package', { ...esm, 'knexfile.js': `await null;\nexport default ${module};` }],
    ['JavaScript in a CommonJS package', { ...cjs, 'knexfile.js': `module.exports = ${module};` }],
    [
      'transpiled',
      {
        ...cjs,
        'knexfile.js': `Object.defineProperty(exports, '__esModule', { value: true });\nexports.default = ${module};`,
      },
    ],
    ['mjs', { ...cjs, 'knexfile.mjs': `export default ${module};` }],
    ['cjs', { ...esm, 'knexfile.cjs': `module.exports = ${module};` }],
    [
      'json',
      {
        'knexfile.json':
          '{ "client": "pg", "connection": "postgres://me@db:1/app", "migrations": { "directory": "m" } }',
      },
    ],
    ['a function', { ...cjs, 'knexfile.js': `module.exports = () => (${module});` }],
    ['an async function', { ...esm, 'knexfile.js': `export default async () => (${module});` }],
    ['named exports', { ...esm, 'knexfile.js': `export const development = ${module};` }],
    [
      'environments',
      {
        ...cjs,
        'knexfile.js': `module.exports = { development: ${module}, production: { client: 'mysql' } };`,
      },
    ],
    [
      'what it imports',
      {
        ...esm,
        'knexfile.ts': "import { made } from './settings/made';\nexport default made;",
        'settings/made.ts': `export const made = ${module};`,
      },
    ],
  ])('is loaded: %s', async (_, files) => {
    write(files);
    const settings = await load();
    expect(place(settings)).toBe('db:1/app');
    expect(settings.migrations.directories).toEqual([join(folder, 'm')]);
    expect(settings.root).toBe(folder);
    expect(settings.knexfile).toBe(
      join(folder, Object.keys(files).find((name) => name.startsWith('knexfile')) ?? ''),
    );
  });

  test('leaves no copy of itself in the caches of the loader', async () => {
    const canary = `c4n4ry${process.hrtime.bigint()}`;
    write({
      'knexfile.ts': `export default { client: 'pg', version: '${canary}' } as object;`,
      'node_modules/.keep': '',
    });
    expect((await load()).knexConfig.version).toBe(canary);
    const caches = [
      tmpdir(),
      join(process.cwd(), 'node_modules/.cache'),
      join(folder, 'node_modules/.cache'),
    ];
    const files = caches
      .map((cache) => join(cache, 'jiti'))
      .filter((cache) => existsSync(cache))
      .flatMap((cache) => readdirSync(cache).map((name) => join(cache, name)));
    expect(files.filter((file) => readFileSync(file, 'utf8').includes(canary))).toEqual([]);
  });

  test('has environments, chosen as Knex does: --env, NODE_ENV, development', async () => {
    const of = (name: string) =>
      `${name}: { client: 'pg', connection: { host: '${name}', port: 1, database: 'd' } }`;
    write({
      'knexfile.cjs': `module.exports = { ${['development', 'test', 'production'].map(of).join(', ')} };`,
    });
    const chosen = async (flags: Flags, env: NodeJS.ProcessEnv) => {
      const settings = await load(flags, env);
      return `${settings.environment} ${place(settings)}`;
    };
    expect(await chosen({}, {})).toBe('development development:1/d');
    expect(await chosen({}, { NODE_ENV: 'test' })).toBe('test test:1/d');
    expect(await chosen({ env: 'production' }, { NODE_ENV: 'test' })).toBe('production production:1/d');
    expect((await refusal({ env: 'staging' })).message).toBe(
      `${join(folder, 'knexfile.cjs')}: knexfile.cjs has no environment "staging": set --env or NODE_ENV to one of development, test, production, or add it`,
    );
  });

  test('is named by --knexfile, and its folder is the project', async () => {
    write({ 'sub/db/knexfile.prod.cjs': "module.exports = { client: 'pg', squash: { backups: '../b' } };" });
    const settings = await load({ knexfile: 'sub/db/knexfile.prod.cjs', migrations: ['here', '/abs'] });
    expect(settings).toMatchObject({
      root: join(folder, 'sub/db'),
      backups: join(folder, 'sub/b'),
      stateDirectory: join(folder, 'sub/db/.knex-squash'),
      migrations: { directories: [join(folder, 'here'), '/abs'] },
    });
    expect((await refusal({ knexfile: 'gone.ts' })).message).toContain(
      `there is no file ${join(folder, 'gone.ts')}`,
    );
  });

  test('that fails to load is named with the reason', async () => {
    write({ 'knexfile.cjs': "const password = 'c4n4ry';\nthrow new Error('no vault today\\n' + password);" });
    expect(await refusal()).toMatchObject({
      code: 'SETTINGS_INVALID',
      message: `${join(folder, 'knexfile.cjs')}: no vault today`,
    });
    write({ 'number.cjs': 'module.exports = 5;' });
    expect((await refusal({ knexfile: 'number.cjs' })).message).toContain('neither an object nor a function');
    for (const knexfile of ['broken.cjs', 'broken.ts', 'broken.json']) {
      write({ [knexfile]: "module.exports = { connection: { password: 'c4n4ry' };" });
      const error = await refusal({ knexfile });
      expect(error.message).toContain(knexfile);
      expect(inspect(error, { depth: 9 })).not.toContain('c4n4ry');
    }
  });

  test("keeps the user's own Knex configuration", async () => {
    write({
      'knexfile.cjs': `module.exports = { client: 'pg', searchPath: 'app', acquireConnectionTimeout: 5, custom: 1,
        wrapIdentifier: (value) => value + '!', postProcessResponse: (rows) => rows,
        pool: { min: 3, afterCreate: (session, done) => done(null, session) }, seeds: { directory: 's' } };`,
    });
    const { knexConfig, searchPath } = await load();
    expect(searchPath).toEqual(['app']);
    expect(knexConfig).toMatchObject({ client: 'pg', acquireConnectionTimeout: 5, custom: 1 });
    expect(knexConfig.wrapIdentifier?.('a', String, null)).toBe('a!');
    expect(knexConfig.postProcessResponse?.([1], null)).toEqual([1]);
    expect(Object.keys(knexConfig.pool ?? {})).toEqual(['afterCreate']);
    for (const key of ['connection', 'migrations', 'squash']) expect(knexConfig).not.toHaveProperty(key);
  });
});

describe('defaults', () => {
  test('are those of Knex, and ours beneath the project', async () => {
    const settings = await load();
    expect(settings).toEqual({
      root: folder,
      knexfile: null,
      environment: 'development',
      connection: null,
      shadowConnection: null,
      searchPath: null,
      knexConfig: { client: 'pg' },
      migrations: {
        directories: [join(folder, 'migrations')],
        sortDirsSeparately: false,
        loadExtensions: ['.co', '.coffee', '.eg', '.iced', '.js', '.cjs', '.litcoffee', '.ls', '.ts'],
        tableName: 'knex_migrations',
        schemaName: null,
        disableTransactions: false,
        migrationSource: null,
        sameName: 'exact',
      },
      backups: join(folder, 'backups'),
      stateDirectory: join(folder, '.knex-squash'),
      encryption: null,
      rows: defaultRowSettings,
      validate: defaultValidateSettings,
    });
  });

  test('come from a knexfile that imports by the paths of the tsconfig', async () => {
    write({
      'tsconfig.json': '{ "compilerOptions": { "paths": { "@/*": ["./lib/*"] } } }',
      'lib/names.ts': `export const table: string = 'ours';`,
      'knexfile.ts': `import { table } from '@/names'; export default { migrations: { tableName: table } };`,
    });
    expect((await load()).migrations.tableName).toBe('ours');
  });

  test('give way to the knexfile', async () => {
    write({
      'knexfile.cjs': `module.exports = { client: 'postgresql', searchPath: ['a', 'b'], migrations: { directory: ['one', '/two'],
        sortDirsSeparately: true, loadExtensions: ['.mjs'], tableName: 't', schemaName: 's', disableTransactions: true,
        extension: 'ts', stub: 'x', disableMigrationsListValidation: true },
        squash: { backups: 'old', stateDirectory: '/state', shadowUrl: 'postgres://sh:9/x', encryption: { encrypt: 'e', decrypt: 'd' } } };`,
    });
    const settings = await load();
    expect(settings).toMatchObject({
      encryption: { encrypt: 'e', decrypt: 'd' },
      searchPath: ['a', 'b'],
      backups: join(folder, 'old'),
      stateDirectory: '/state',
      migrations: {
        directories: [join(folder, 'one'), '/two'],
        sortDirsSeparately: true,
        loadExtensions: ['.mjs'],
        tableName: 't',
        schemaName: 's',
        disableTransactions: true,
      },
    });
    expect(settings.shadowConnection).toEqual({ host: 'sh', port: 9, database: 'x' });
  });

  test('a custom source counts, unless a setting about files puts it out of use as in Knex', async () => {
    const source = 'class Source { getMigrations() {} getMigrationName() {} getMigration() {} }';
    write({
      'knexfile.cjs': `${source} module.exports = { migrations: { migrationSource: new Source() } };`,
    });
    expect((await load()).migrations.migrationSource?.constructor.name).toBe('Source');
    expect((await load({ migrations: 'm' })).migrations.migrationSource).toBeNull();
    const rivals = ["directory: 'm'", 'sortDirsSeparately: false', "loadExtensions: ['.js']"];
    for (const [index, rival] of rivals.entries()) {
      const named = `${index}.cjs`;
      write({
        [named]: `${source} module.exports = { migrations: { ${rival}, migrationSource: new Source() } };`,
      });
      expect((await load({ knexfile: named })).migrations.migrationSource).toBeNull();
    }
  });
});

describe('the order of sources', () => {
  test('is flags, environment, .env, knexfile', async () => {
    const url = (host: string) => `postgres://u:p@${host}:1/d`;
    const hosts = async (flags: Flags, env: NodeJS.ProcessEnv) => {
      const { connection, shadowConnection, backups, stateDirectory } = await load(flags, env);
      return [connection?.host, shadowConnection?.host, backups, stateDirectory].map((each) =>
        each?.replace(`${folder}/`, ''),
      );
    };
    write({
      'knexfile.cjs': `module.exports = { connection: '${url('k')}', squash: { shadowUrl: '${url('ks')}', backups: 'kb', stateDirectory: 'kd' } };`,
    });
    expect(await hosts({}, {})).toEqual(['k', 'ks', 'kb', 'kd']);
    write({
      '.env': `DATABASE_URL=${url('e')}\nSHADOW_DATABASE_URL=${url('es')}\nKNEX_SQUASH_BACKUPS=eb\nKNEX_SQUASH_STATE_DIRECTORY=ed\n`,
    });
    expect(await hosts({}, {})).toEqual(['e', 'es', 'eb', 'ed']);
    const real = { DATABASE_URL: url('r'), SHADOW_DATABASE_URL: url('rs'), KNEX_SQUASH_BACKUPS: 'rb' };
    expect(await hosts({}, real)).toEqual(['r', 'rs', 'rb', 'ed']);
    expect(await hosts({ url: url('f'), shadowUrl: url('fs'), backups: 'fb' }, real)).toEqual([
      'f',
      'fs',
      'fb',
      'ed',
    ]);
    expect(await hosts({}, { DATABASE_URL: '' })).toEqual(['k', 'es', 'eb', 'ed']);
  });

  test('the knexfile itself sees .env, where a real variable still wins', async () => {
    process.env.SETTINGS_TEST_REAL = 'real';
    write({
      '.env': 'SETTINGS_TEST_REAL=dotenv\nSETTINGS_TEST_NEW=dotenv\n',
      'knexfile.cjs':
        'module.exports = { connection: { host: process.env.SETTINGS_TEST_REAL, port: 1, database: process.env.SETTINGS_TEST_NEW } };',
    });
    expect(place(await load())).toBe('real:1/dotenv');
  });

  test('.env lies beside the knexfile or in the working directory', async () => {
    write({
      'db/knexfile.cjs': 'module.exports = {};',
      'db/.env': 'DATABASE_URL=postgres://beside:1/d\n',
      '.env': 'DATABASE_URL=postgres://cwd:1/d\nSHADOW_DATABASE_URL=postgres://shadow:1/d\n',
    });
    const settings = await load({ knexfile: 'db/knexfile.cjs' });
    expect([settings.connection?.host, settings.shadowConnection?.host]).toEqual(['beside', 'shadow']);
  });

  test('process.env stays as it is where no knexfile needs it', async () => {
    write({ '.env': 'DATABASE_URL=postgres://e:1/d\nSETTINGS_TEST_NEW=dotenv\n' });
    expect(place(await load())).toBe('e:1/d');
    expect(process.env).toEqual(outside);
  });
});

describe('the connection', () => {
  test.each([
    ['a URL', "'postgres://u:p%40@h:5/d'", 'h:5/d'],
    ['an object', "{ host: 'h', port: 5, database: 'd' }", 'h:5/d'],
    [
      'an object with a URL',
      "{ connectionString: 'postgres://u@h:5/d', ssl: { rejectUnauthorized: false } }",
      'h:5/d',
    ],
    ['a function', "() => ({ host: 'h', port: 5, database: 'd', expirationChecker: () => true })", 'h:5/d'],
    ['an async function', "async () => 'postgres://u@h:5/d'", 'h:5/d'],
    ['nothing', 'undefined', null],
    ['a variable that is not set', '{ connectionString: undefined, ssl: true }', null],
  ])('may be %s', async (_, connection, expected) => {
    write({ 'knexfile.cjs': `module.exports = { client: 'pg', connection: ${connection} };` });
    const settings = await load();
    expect(place(settings)).toBe(expected);
    expect(settings.connection ?? {}).not.toHaveProperty('expirationChecker');
  });

  test('keeps what the driver understands', async () => {
    const { connection } = await load({
      url: 'postgres://u:p%40%2F%3F@h:5/d?ssl=true&application_name=me&options=-c%20geqo%3Doff',
    });
    expect(connection).toMatchObject({
      user: 'u',
      password: 'p@/?',
      ssl: true,
      application_name: 'me',
      options: '-c geqo=off',
    });
  });

  test('is not asked for where a flag or variable has it already', async () => {
    write({
      'knexfile.cjs': "module.exports = { connection: () => { throw new Error('vault is shut'); } };",
    });
    expect(place(await load({ url: 'postgres://f:1/d' }))).toBe('f:1/d');
    expect(place(await load({}, { DATABASE_URL: 'postgres://e:1/d' }))).toBe('e:1/d');
    expect((await refusal()).message).toBe('connection in knexfile.cjs: vault is shut');
  });
});

describe('a refusal', () => {
  test('names every problem at once, each with its remedy', async () => {
    write({
      'knexfile.cjs': `module.exports = { client: 'mysql2', connection: 'mysql://a/b', searchPath: 7,
        migrations: { directory: 5, dirctory: 'm', loadExtensions: ['ts'], tableName: '', migrationSource: {}, beforeEach() {} },
        pool: { afterCreate: 1 }, squash: { backup: 'b', shadowUrl: 'nowhere' } };`,
    });
    const error = await refusal({ url: '', shadowUrl: 'http://x' } as Flags, { SHADOW_DATABASE_URL: 'x' });
    expect(error.code).toBe('SETTINGS_INVALID');
    expect(
      error.message.split('\n').map((line) => line.replace(/: (is no PostgreSQL URL).*/, ': $1')),
    ).toEqual([
      'the settings have 15 problems:',
      '  - connection in knexfile.cjs: is no PostgreSQL URL',
      '  - --url: must not be empty: give a value or leave it out',
      '  - --shadow-url: is no PostgreSQL URL',
      '  - SHADOW_DATABASE_URL: is no PostgreSQL URL',
      `  - client in knexfile.cjs: must be PostgreSQL's: "pg" (or postgres, postgresql, pgnative); no other database can be squashed`,
      '  - migrations.directory in knexfile.cjs: must be a folder or a list of folders, as in "./migrations"',
      '  - migrations.loadExtensions.0 in knexfile.cjs: must begin with a dot, as in ".ts": Knex compares it with the file name',
      '  - migrations.tableName in knexfile.cjs: must not be empty: give a value or leave it out',
      '  - migrations.migrationSource in knexfile.cjs: must have getMigrations, getMigrationName and getMigration, as Knex asks of a source',
      '  - migrations.beforeEach in knexfile.cjs: is a hook, which would not run: do its work in the migrations themselves',
      '  - migrations in knexfile.cjs: "dirctory" is no setting here: correct its spelling or remove it',
      '  - pool.afterCreate in knexfile.cjs: must be a function',
      '  - searchPath in knexfile.cjs: must be a schema or a list of schemas, as in ["app", "public"]',
      '  - squash.shadowUrl in knexfile.cjs: is no PostgreSQL URL',
      '  - squash in knexfile.cjs: "backup" is no setting here: correct its spelling or remove it',
    ]);
  });

  test('of a wrong type of our own option fails to compile, too', () => {
    const options: SquashOptions = { backups: './b' };
    // @ts-expect-error there is no such option
    const wrong: SquashOptions = { backup: './b' };
    expect([options, wrong]).toHaveLength(2);
  });

  test.each(['mysql', 'sqlite3', 'cockroachdb', 'redshift', 'PG', '', 5])(
    'meets another client: %p',
    async (client) => {
      for (const key of ['client', 'dialect']) {
        const knexfile = `${key}.cjs`;
        write({ [knexfile]: `module.exports = { ${key}: ${JSON.stringify(client)} };` });
        const { message } = await refusal({ knexfile });
        expect(message).toContain(`${key} in ${knexfile}: must be PostgreSQL's: "pg"`);
        expect(message).not.toContain('problems');
      }
    },
  );

  test('never holds a password, however broken the URL', async () => {
    const junk = fc.stringMatching(/^[ -~]{0,12}$/);
    const secret = fc.stringMatching(/^c4n4ry[A-Za-z0-9]{4}$/);
    const url = fc
      .tuple(
        fc.constantFrom('postgres://', 'postgresql://', 'http://', 'postgres:/', '', 'socket:'),
        junk,
        secret,
        junk,
        junk,
      )
      .map(([scheme, a, password, b, c]) => ({ text: `${scheme}u:${a}${password}${b}@h:${c}/d`, password }));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(url, async ({ text, password }) => {
        for (const [flags, env] of [[{ url: text }, {}] as const, [{}, { DATABASE_URL: text }] as const]) {
          const error = await load(flags, env).then(
            () => null,
            (thrown: unknown) => thrown,
          );
          if (error === null) continue;
          refused += 1;
          expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(password);
          expect(String((error as Error).stack)).not.toContain(password);
        }
      }),
      { numRuns: 500 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
