import { quoteIdent } from '../src/database/sql.js';
import type { Dice } from './random-history.js';
import {
  fresh,
  type Item,
  type Model,
  type Operation,
  type Other,
  replaced,
  some,
  sqlOf,
} from './random-history-model.js';

/** A new object of one of these kinds: what makes it, and how ALTER and DROP call it. */
type Maker = (item: Item, model: Model, dice: Dice) => { readonly sql: string; readonly other: Other } | null;

/** An object with a schema, a noun before its name and maybe a signature behind. */
const inSchema = (item: Item, noun: string, signature = ''): Other => ({ ...item, noun, signature });

/** One whose name stands alone. */
const global = (item: Item, noun: string): Other => ({ ...item, noun, signature: '', isGlobal: true });

const makers: readonly Maker[] = [
  (item, _, dice) => ({
    sql: `CREATE COLLATION ${sqlOf(item)} ${dice.pick([
      "(provider = icu, locale = 'de-u-co-phonebk')",
      "(provider = icu, locale = 'und', deterministic = false)",
      'FROM "C"',
    ])}`,
    other: inSchema(item, 'COLLATION'),
  }),
  (item, _, dice) => ({
    sql: `CREATE TEXT SEARCH CONFIGURATION ${sqlOf(item)} (${dice.pick(['COPY = english', 'PARSER = "default"'])})`,
    other: inSchema(item, 'TEXT SEARCH CONFIGURATION'),
  }),
  (item) => ({
    sql: `CREATE TEXT SEARCH DICTIONARY ${sqlOf(item)} (TEMPLATE = simple, Accept = false)`,
    other: inSchema(item, 'TEXT SEARCH DICTIONARY'),
  }),
  (item) => ({
    sql: `CREATE CONVERSION ${sqlOf(item)} FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8`,
    other: inSchema(item, 'CONVERSION'),
  }),
  (item, _, dice) => ({
    sql: dice.pick([
      `CREATE OPERATOR CLASS ${sqlOf(item)} FOR TYPE int USING hash AS OPERATOR 1 =, FUNCTION 1 hashint4(int)`,
      `CREATE OPERATOR CLASS ${sqlOf(item)} FOR TYPE text USING hash AS OPERATOR 1 =, FUNCTION 1 hashtext(text)`,
    ]),
    other: inSchema(item, 'OPERATOR CLASS', ' USING hash'),
  }),
  (item, model, dice) => {
    const table = some(model.tables, dice);
    const column = table === null ? null : some(table.columns, dice);
    return table === null || column === null
      ? null
      : {
          sql: `CREATE STATISTICS ${sqlOf(item)} ON (${quoteIdent(column.name)}::text), id FROM ${sqlOf(table)}`,
          other: inSchema(item, 'STATISTICS'),
        };
  },
  (item, model, dice) => {
    const from = some([...model.tables, ...model.views], dice);
    const insert = from === null ? 'SELECT 1' : `DELETE FROM ${sqlOf(from)} WHERE id = 99`;
    return {
      sql: `CREATE PROCEDURE ${sqlOf(item)}(INOUT a int DEFAULT 3) LANGUAGE sql ${dice.pick([
        `AS $b$ ${insert} RETURNING 1 $b$`,
        `BEGIN ATOMIC ${insert}; SELECT a; END`,
        'AS $b$ SELECT 1 $b$',
      ])}`,
      other: inSchema(item, 'PROCEDURE', '(int)'),
    };
  },
  (item) => ({
    sql: `CREATE FOREIGN DATA WRAPPER ${quoteIdent(item.name)} OPTIONS (note 'it''s')`,
    other: global(item, 'FOREIGN DATA WRAPPER'),
  }),
  (item, model, dice) => {
    const wrapper = some(
      model.others.filter(({ noun }) => noun === 'FOREIGN DATA WRAPPER'),
      dice,
    );
    return wrapper === null
      ? null
      : {
          sql: `CREATE SERVER ${quoteIdent(item.name)} VERSION '2' FOREIGN DATA WRAPPER ${quoteIdent(wrapper.name)} OPTIONS (host 'nowhere')`,
          other: global(item, 'SERVER'),
        };
  },
  (item, model, dice) => {
    const server = some(
      model.others.filter(({ noun }) => noun === 'SERVER'),
      dice,
    );
    const type = some(model.types, dice) ?? 'text';
    return server === null
      ? null
      : {
          sql: `CREATE FOREIGN TABLE ${sqlOf(item)} (id int OPTIONS (a 'b') NOT NULL, x ${type} DEFAULT NULL, CHECK (id > 0)) SERVER ${quoteIdent(server.name)}`,
          other: inSchema(item, 'FOREIGN TABLE'),
        };
  },
  (item, model, dice) => {
    const table = some(model.tables, dice);
    const what = dice.pick([
      '',
      ' FOR ALL TABLES',
      ...(table === null
        ? []
        : [` FOR TABLE ${sqlOf(table)}`, ` FOR TABLE ONLY ${sqlOf(table)} (id) WHERE (id > 3)`]),
      ` FOR TABLES IN SCHEMA ${quoteIdent(dice.pick(model.schemas))}`,
    ]);
    return {
      sql: `CREATE PUBLICATION ${quoteIdent(item.name)}${what} WITH (publish = 'insert')`,
      other: global(item, 'PUBLICATION'),
    };
  },
];

const createOther: Operation = (model, dice) => {
  const made = dice.pick(makers)(fresh(model, dice), model, dice);
  if (made === null) return null;
  return { sql: made.sql, effect: (now) => now.others.push(made.other) };
};

const callOf = (other: Other): string =>
  `${other.noun} ${other.isGlobal === true ? quoteIdent(other.name) : sqlOf(other)}${other.signature}`;

/** What all kinds can undergo. */
const alterOther: Operation = (model, dice) => {
  const other = some(model.others, dice);
  if (other === null) return null;
  const renamed = { ...other, name: dice.name() };
  const moved = { ...other, schema: dice.pick(model.schemas) };
  const [sql, next] = dice.pick([
    [`ALTER ${callOf(other)} RENAME TO ${quoteIdent(renamed.name)}`, [renamed]],
    [`ALTER ${callOf(other)} SET SCHEMA ${quoteIdent(moved.schema)}`, [moved]],
    [`ALTER ${callOf(other)} OWNER TO case_owner`, [other]],
    [`COMMENT ON ${callOf(other)} IS ${dice.text()}`, [other]],
    [`DROP ${callOf(other)}${dice.chance(2) ? ' CASCADE' : ''}`, []],
  ] as const);
  return {
    sql,
    effect: (now) => {
      now.others = replaced(now.others, other, ...next);
    },
  };
};

/** What only one kind can undergo, and where tables use it. */
const useOther: Operation = (model, dice) => {
  const other = some(model.others, dice);
  const table = some([...model.tables, ...model.partitioned], dice);
  const column = table === null ? null : some(table.columns, dice);
  if (other === null || table === null || column === null) return null;
  const name = sqlOf(other);
  const on = sqlOf(table);
  const target = quoteIdent(column.name);
  const dictionary = some(
    model.others.filter(({ noun }) => noun === 'TEXT SEARCH DICTIONARY'),
    dice,
  );
  const fresher = quoteIdent(dice.name());
  const choices: Readonly<Record<string, readonly string[]>> = {
    COLLATION: [
      `ALTER TABLE ${on} ADD COLUMN ${fresher} text COLLATE ${name} DEFAULT ${dice.text()}`,
      `ALTER TABLE ${on} ALTER COLUMN ${target} TYPE text COLLATE ${name}`,
      `CREATE INDEX ON ${on} (${target} COLLATE ${name} DESC)`,
      `CREATE DOMAIN ${sqlOf(fresh(model, dice))} AS text COLLATE ${name} CHECK (VALUE > 'a' COLLATE ${name})`,
      `CREATE VIEW ${sqlOf(fresh(model, dice))} AS SELECT id, ${target}::text COLLATE ${name} AS x FROM ${on}`,
    ],
    'TEXT SEARCH CONFIGURATION': [
      `ALTER TEXT SEARCH CONFIGURATION ${name} ADD MAPPING FOR asciiword, word WITH ${dictionary === null ? 'simple' : sqlOf(dictionary)}`,
      `ALTER TEXT SEARCH CONFIGURATION ${name} DROP MAPPING IF EXISTS FOR asciiword`,
      `CREATE INDEX ON ${on} USING gin (to_tsvector(${regclass(other)}::regconfig, ${target}::text))`,
      `ALTER TABLE ${on} ADD COLUMN ${fresher} tsvector GENERATED ALWAYS AS (to_tsvector(${regclass(other)}::regconfig, 'x')) STORED`,
    ],
    'OPERATOR CLASS': [`CREATE INDEX ON ${on} USING hash (${target} ${name})`],
    STATISTICS: [`ALTER STATISTICS ${name} SET STATISTICS 30`],
    'FOREIGN TABLE': [
      `ALTER FOREIGN TABLE ${name} INHERIT ${on}`,
      `ALTER FOREIGN TABLE ${name} ADD COLUMN ${fresher} int OPTIONS (c 'd')`,
      `ALTER FOREIGN TABLE ${name} ALTER COLUMN x OPTIONS (ADD e 'f')`,
      `CREATE VIEW ${sqlOf(fresh(model, dice))} AS SELECT id FROM ${name}`,
      `GRANT SELECT (id) ON ${name} TO case_reader`,
      `COMMENT ON COLUMN ${name}.x IS ${dice.text()}`,
    ],
    SERVER: [
      `CREATE USER MAPPING FOR case_reader SERVER ${quoteIdent(other.name)} OPTIONS (user 'x')`,
      `ALTER SERVER ${quoteIdent(other.name)} OPTIONS (SET host 'elsewhere')`,
      `GRANT USAGE ON FOREIGN SERVER ${quoteIdent(other.name)} TO case_writer`,
    ],
    PUBLICATION: [
      `ALTER PUBLICATION ${quoteIdent(other.name)} ADD TABLE ${on}`,
      `ALTER PUBLICATION ${quoteIdent(other.name)} SET (publish_via_partition_root, publish = 'update, delete')`,
    ],
    PROCEDURE: [
      `CREATE OR REPLACE PROCEDURE ${name}(INOUT a int DEFAULT 4) LANGUAGE sql AS $b$ SELECT 2 $b$`,
      `GRANT EXECUTE ON PROCEDURE ${name}(int) TO case_reader`,
      `ALTER PROCEDURE ${name}(int) SECURITY DEFINER`,
    ],
  };
  const list = choices[other.noun];
  return list === undefined ? null : { sql: dice.pick(list) };
};

function regclass(item: Item): string {
  return `E'${sqlOf(item).replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}

/** Names and states within tables. */
const alterParts: Operation = (model, dice) => {
  const table = some([...model.tables, ...model.views], dice);
  const composite = some(model.composites, dice);
  const type = some(model.types, dice);
  const triggerFunction = some(model.triggerFunctions, dice);
  if (table === null) return null;
  const on = sqlOf(table);
  const column = some(table.columns, dice);
  const target = column === null ? 'id' : quoteIdent(column.name);
  const name = quoteIdent(dice.name());
  return {
    sql: dice.pick([
      `ALTER TABLE ${on} ALTER COLUMN ${target} SET DEFAULT ${dice.text()}`,
      `ALTER TABLE ${on} ALTER COLUMN ${target} TYPE ${type ?? 'int'} USING NULL`,
      `ALTER TABLE ${on} ADD COLUMN ${name} int GENERATED ALWAYS AS (id * 2) STORED`,
      `ALTER TABLE ${on} ADD CONSTRAINT ${name} CHECK (id > -9) NO INHERIT`,
      `ALTER TABLE ${on} FORCE ROW LEVEL SECURITY`,
      `ALTER TABLE ${on} SET LOGGED`,
      `ALTER TABLE ${on} ADD PRIMARY KEY (id)`,
      `ALTER TABLE ${on} ADD UNIQUE (id) INCLUDE (${target})`,
      `ALTER TABLE ${on} RENAME COLUMN id TO ${name}`,
      `CREATE UNIQUE INDEX ${name} ON ${on} (id) NULLS NOT DISTINCT`,
      `CREATE RULE ${name} AS ON INSERT TO ${on} DO ALSO SELECT 1`,
      `CREATE POLICY ${name} ON ${on} FOR SELECT USING (id IN (SELECT id FROM ${on}))`,
      ...(composite === null
        ? []
        : [
            `ALTER TYPE ${sqlOf(composite)} ADD ATTRIBUTE ${name} ${type ?? 'int'} CASCADE`,
            `ALTER TYPE ${sqlOf(composite)} DROP ATTRIBUTE IF EXISTS ${name} CASCADE`,
          ]),
      ...(triggerFunction === null
        ? []
        : [
            `CREATE TRIGGER ${name} INSTEAD OF INSERT ON ${on} FOR EACH ROW EXECUTE FUNCTION ${sqlOf(triggerFunction)}()`,
            `CREATE CONSTRAINT TRIGGER ${name} AFTER INSERT ON ${on} DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ${sqlOf(triggerFunction)}()`,
            `CREATE TRIGGER ${name} AFTER UPDATE ON ${on} REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION ${sqlOf(triggerFunction)}('a', $$b$$)`,
          ]),
    ]),
  };
};

export const kindOperations: readonly Operation[] = [
  ...Array<Operation>(5).fill(createOther),
  ...Array<Operation>(3).fill(alterOther),
  ...Array<Operation>(4).fill(useOther),
  ...Array<Operation>(3).fill(alterParts),
];
