import { quoteIdent } from '../src/database/sql.js';
import { fresh, type Operation, replaced, some, sqlOf } from './random-history-model.js';

const createEnum: Operation = (model, dice) => {
  const item = fresh(model, dice);
  const labels = [dice.text(), dice.text(), "'end'"].filter((label, at, all) => all.indexOf(label) === at);
  return {
    sql: `CREATE TYPE ${sqlOf(item)} AS ENUM (${labels.join(', ')})`,
    effect: (now) => {
      now.enums.push(item);
      now.types.push(sqlOf(item));
    },
  };
};

const alterEnum: Operation = (model, dice) => {
  const item = some(model.enums, dice);
  if (item === null) return null;
  if (dice.chance(2)) return { sql: `ALTER TYPE ${sqlOf(item)} ADD VALUE ${dice.text()} BEFORE 'end'` };
  if (dice.chance(2)) return { sql: `ALTER TYPE ${sqlOf(item)} RENAME VALUE 'end' TO ${dice.text()}` };
  const renamed = { ...item, name: dice.name() };
  return {
    sql: `ALTER TYPE ${sqlOf(item)} RENAME TO ${quoteIdent(renamed.name)}`,
    effect: (now) => {
      now.enums = replaced(now.enums, item, renamed);
      now.types = replaced(now.types, sqlOf(item), sqlOf(renamed));
    },
  };
};

const createDomain: Operation = (model, dice) => {
  const item = fresh(model, dice);
  const base = dice.pick(['text', 'varchar(9)', 'int', 'numeric(6, 2)', ...model.types]);
  const check = dice.chance(2)
    ? ` CONSTRAINT ${quoteIdent(dice.name())} CHECK (VALUE::text <> ${dice.text()})`
    : '';
  const list = dice.chance(3) ? ` CHECK (VALUE::text IN ('1', '2', ${dice.text()}))` : '';
  return {
    sql: `CREATE DOMAIN ${sqlOf(item)} AS ${base}${check}${list}`,
    effect: (now) => {
      now.domains.push(item);
      now.types.push(sqlOf(item));
    },
  };
};

const alterDomain: Operation = (model, dice) => {
  const item = some(model.domains, dice);
  if (item === null) return null;
  const change = dice.pick([
    'SET NOT NULL',
    'DROP NOT NULL',
    `SET DEFAULT '1'`,
    'DROP DEFAULT',
    `ADD CONSTRAINT ${quoteIdent(dice.name())} CHECK (VALUE IS NOT NULL OR ${dice.text()} <> '') NOT VALID`,
    'OWNER TO case_owner',
  ]);
  return { sql: `ALTER DOMAIN ${sqlOf(item)} ${change}` };
};

const createComposite: Operation = (model, dice) => {
  const item = fresh(model, dice);
  const type = dice.pick(['int', 'text', ...model.types]);
  return {
    sql: `CREATE TYPE ${sqlOf(item)} AS (${quoteIdent(dice.name())} ${type}, ${quoteIdent(dice.name())} int[])`,
    effect: (now) => {
      now.composites.push(item);
      now.types.push(sqlOf(item));
    },
  };
};

const alterComposite: Operation = (model, dice) => {
  const item = some(model.composites, dice);
  return item === null
    ? null
    : { sql: `ALTER TYPE ${sqlOf(item)} ADD ATTRIBUTE ${quoteIdent(dice.name())} text CASCADE` };
};

const createRange: Operation = (model, dice) => {
  const item = fresh(model, dice);
  return {
    sql: `CREATE TYPE ${sqlOf(item)} AS RANGE (SUBTYPE = ${dice.pick(['int', 'text', 'float8'])})`,
    effect: (now) => now.types.push(sqlOf(item)),
  };
};

const dropType: Operation = (model, dice) => {
  const type = some(model.types, dice);
  if (type === null) return null;
  return {
    sql: `DROP ${model.domains.some((domain) => sqlOf(domain) === type) ? 'DOMAIN' : 'TYPE'} ${type}${dice.chance(2) ? ' CASCADE' : ''}`,
    effect: (now) => {
      now.types = replaced(now.types, type);
    },
  };
};

const createSequence: Operation = (model, dice) => {
  const item = fresh(model, dice);
  const options = dice.pick([
    '',
    ' INCREMENT -2',
    ' AS smallint START 7',
    ' MINVALUE -5 MAXVALUE 50 CYCLE CACHE 3',
  ]);
  return { sql: `CREATE SEQUENCE ${sqlOf(item)}${options}`, effect: (now) => now.sequences.push(item) };
};

const useSequence: Operation = (model, dice) => {
  const item = some(model.sequences, dice);
  if (item === null) return null;
  const literal = `'${sqlOf(item).replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
  const regclass = `${literal.includes('\\') ? 'E' : ''}${literal}`;
  const table = some(model.tables, dice);
  const column = table?.columns.find(({ type }) => type === 'bigint');
  const choices = [
    `SELECT nextval(${regclass})`,
    `ALTER SEQUENCE ${sqlOf(item)} RESTART`,
    `ALTER SEQUENCE ${sqlOf(item)} INCREMENT 3`,
    `DROP SEQUENCE ${sqlOf(item)} CASCADE`,
    ...(table === null || column === undefined
      ? []
      : [
          `ALTER TABLE ${sqlOf(table)} ALTER ${quoteIdent(column.name)} SET DEFAULT nextval(${regclass})`,
          `ALTER SEQUENCE ${sqlOf(item)} OWNED BY ${sqlOf(table)}.${quoteIdent(column.name)}`,
        ]),
  ];
  return { sql: dice.pick(choices) };
};

export const typeOperations: readonly Operation[] = [
  createEnum,
  alterEnum,
  createDomain,
  alterDomain,
  createComposite,
  alterComposite,
  createRange,
  dropType,
  createSequence,
  useSequence,
];
