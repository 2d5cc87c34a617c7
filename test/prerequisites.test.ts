import { mentionedRoles, readPrerequisites } from '../src/history/prerequisites.js';

/** Where JavaScript puts a value in. */
const put = (name: string) => ['$', `{${name}}`].join('');

const read = (text: string) => readPrerequisites([{ name: 'm', text }]);
const words = (text: string) => read(text).onCluster.map((saying) => saying.words);

describe('what reaches beyond the database', () => {
  test.each([
    ['CREATE ROLE app;', 'CREATE ROLE app'],
    ['await knex.raw(`create   user\n app LOGIN`)', 'create user app'],
    ['knex.raw(\'ALTER ROLE "App role" SET search_path = app\')', 'ALTER ROLE "App role"'],
    ['knex.raw("CREATE ROLE \\"App\\" NOLOGIN")', 'CREATE ROLE \\"App\\"'],
    [`knex.raw('CREATE ROLE ${put('name')}')`, `CREATE ROLE ${put('name')}`],
    ["knex.raw('CREATE ROLE ' + name)", "CREATE ROLE ' +"],
    ["EXECUTE format('DROP ROLE %I', r)", 'DROP ROLE %I'],
    ['DROP ROLE IF EXISTS a, b;', 'DROP ROLE IF EXISTS a'],
    ['GRANT admin, "Odd" TO app, b;', 'GRANT admin, "Odd" TO app'],
    ['REVOKE ADMIN OPTION FOR a FROM b;', 'REVOKE ADMIN OPTION FOR a FROM b'],
    ["ALTER DATABASE app SET timezone = 'UTC'", 'ALTER DATABASE app'],
    ['GRANT CONNECT ON DATABASE app TO r', 'GRANT CONNECT ON DATABASE app'],
    ["COMMENT ON DATABASE app IS 'x'", 'COMMENT ON DATABASE app'],
    ['ALTER SYSTEM SET work_mem = 1', 'ALTER SYSTEM SET'],
    ['REASSIGN OWNED BY a TO b', 'REASSIGN OWNED BY a'],
    ["CREATE TABLESPACE t LOCATION '/x'", 'CREATE TABLESPACE t'],
  ])('%s', (text, expected) => expect(words(text)).toContain(expected));

  test.each([
    'CREATE USER MAPPING FOR app SERVER s',
    'ALTER USER MAPPING FOR app SERVER s OPTIONS (DROP x)',
    'GRANT SELECT ON t TO app',
    'GRANT ALL ON SCHEMA public TO app',
    'REVOKE ALL ON t FROM PUBLIC',
    'ALTER TABLE t OWNER TO app',
    'SET ROLE app',
    'ALTER DEFAULT PRIVILEGES FOR ROLE app GRANT SELECT ON TABLES TO r',
    '// create user accounts\n  -- drop role app\n * alter database app set x',
    "knex.schema.createTable('user', (t) => t.string('role'))",
    "insert into help values ('create user accounts table')",
  ])('not in %s', (text) => expect(words(text)).toEqual([]));
});

test('roles made by name and without', () => {
  expect(read('CREATE ROLE App; CREATE USER "Odd ""one"""; CREATE GROUP g ROLE a').rolesMade).toEqual([
    'app',
    'Odd "one"',
    'g',
  ]);
  expect(read(`CREATE ROLE a; CREATE ROLE ${put('b')}`)).toMatchObject({
    rolesMade: ['a'],
    makesUnnamedRoles: ['m'],
  });
});

test('mentioned roles are whole words in migrations that tell what they make', () => {
  const texts = [
    { name: '1', text: 'CREATE ROLE made; GRANT SELECT ON t TO reader, made' },
    { name: '2', text: `for (const r of ['dynamic']) knex.raw('CREATE ROLE ${put('r')}')` },
    { name: '3', text: 'ALTER TABLE t OWNER TO "odd.one"; SELECT readers' },
  ];
  const roles = ['made', 'reader', 'read', 'dynamic', 'odd.one', 'unheard'];
  expect(mentionedRoles(roles, texts, readPrerequisites(texts))).toEqual(['reader', 'odd.one']);
});

test('extensions that are made whatever the server has', () => {
  expect(
    read('CREATE EXTENSION IF NOT EXISTS "uuid-ossp"; create extension postgis SCHEMA x').extensions,
  ).toEqual([
    { migration: 'm', name: 'uuid-ossp' },
    { migration: 'm', name: 'postgis' },
  ]);
  expect(read('knex.raw(\'CREATE EXTENSION IF NOT EXISTS \\"uuid-ossp\\"\')').extensions).toHaveLength(1);
  expect(read('DO $$BEGIN CREATE EXTENSION x; EXCEPTION WHEN OTHERS THEN NULL; END$$').extensions).toEqual(
    [],
  );
  expect(read(`-- CREATE EXTENSION x;\nCREATE EXTENSION ${put('name')}`).extensions).toEqual([]);
});

test('subscriptions that would connect, without their connection', () => {
  const make = "CREATE SUBSCRIPTION s CONNECTION 'password=x' PUBLICATION p";
  expect(read(make).subscriptions).toEqual([{ migration: 'm', words: 'CREATE SUBSCRIPTION s' }]);
  expect(read(`${make} WITH (connect = false)`).subscriptions).toEqual([]);
});
