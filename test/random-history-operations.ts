import { quoteIdent } from '../src/database/sql.js';
import { changeOperations } from './random-history-changes.js';
import { codeOperations } from './random-history-code.js';
import { kindOperations } from './random-history-kinds.js';
import { type Item, type Operation, replaced, some, sqlOf } from './random-history-model.js';
import { tableOperations } from './random-history-tables.js';
import { typeOperations } from './random-history-types.js';

const createSchema: Operation = (_, dice) => {
  const name = dice.name();
  return { sql: `CREATE SCHEMA ${quoteIdent(name)}`, effect: (model) => model.schemas.push(name) };
};

const renameSchema: Operation = (model, dice) => {
  const old = dice.pick(model.schemas);
  if (old === 'public') return null;
  const name = dice.name();
  const moved = <T extends Item>(list: readonly T[]): T[] =>
    list.map((item) => (item.schema === old ? { ...item, schema: name } : item));
  return {
    sql: `ALTER SCHEMA ${quoteIdent(old)} RENAME TO ${quoteIdent(name)}`,
    effect: (now) => {
      now.schemas = replaced(now.schemas, old, name);
      now.tables = moved(now.tables);
      now.views = moved(now.views);
      now.functions = moved(now.functions);
    },
  };
};

const dropSchema: Operation = (model, dice) => {
  const name = dice.pick(model.schemas);
  if (name === 'public' || !dice.chance(3)) return null;
  return {
    sql: `DROP SCHEMA ${quoteIdent(name)} CASCADE`,
    effect: (now) => {
      now.schemas = replaced(now.schemas, name);
    },
  };
};

const roles = ['case_reader', 'case_writer', '"Case ""odd"" role"', 'PUBLIC'];

const grant: Operation = (model, dice) => {
  const role = dice.pick(roles);
  const option = role !== 'PUBLIC' && dice.chance(3) ? ' WITH GRANT OPTION' : '';
  const table = some([...model.tables, ...model.views], dice);
  const routine = some(model.functions, dice);
  if (dice.chance(4))
    return { sql: `GRANT USAGE ON SCHEMA ${quoteIdent(dice.pick(model.schemas))} TO ${role}` };
  if (dice.chance(3) && routine !== null) {
    const verb = dice.chance(2)
      ? `REVOKE EXECUTE ON FUNCTION ${sqlOf(routine)}(int) FROM`
      : `GRANT EXECUTE ON FUNCTION ${sqlOf(routine)}(int) TO`;
    return { sql: `${verb} ${role}` };
  }
  if (table === null) return null;
  const privilege = dice.pick(['SELECT', 'INSERT', 'UPDATE, DELETE', 'ALL']);
  const column = some(table.columns, dice);
  if (dice.chance(3) && column !== null) {
    return { sql: `GRANT SELECT (${quoteIdent(column.name)}) ON ${sqlOf(table)} TO ${role}${option}` };
  }
  if (dice.chance(4)) return { sql: `REVOKE ${privilege} ON ${sqlOf(table)} FROM ${role} CASCADE` };
  return { sql: `GRANT ${privilege} ON ${sqlOf(table)} TO ${role}${option}` };
};

const own: Operation = (model, dice) => {
  const table = some(model.tables, dice);
  return table === null
    ? null
    : { sql: `ALTER TABLE ${sqlOf(table)} OWNER TO ${dice.pick(['case_owner', 'CURRENT_USER'])}` };
};

const comment: Operation = (model, dice) => {
  const text = dice.chance(5) ? 'NULL' : dice.text();
  const table = some(model.tables, dice);
  const view = some(model.views, dice);
  const index = some(model.indexes, dice);
  const constraint = some(model.constraints, dice);
  const column = table === null ? null : some(table.columns, dice);
  const targets = [
    `SCHEMA ${quoteIdent(dice.pick(model.schemas))}`,
    ...(table === null ? [] : [`TABLE ${sqlOf(table)}`]),
    ...(table === null || column === null ? [] : [`COLUMN ${sqlOf(table)}.${quoteIdent(column.name)}`]),
    ...(view === null ? [] : [`VIEW ${sqlOf(view)}`]),
    ...(index === null ? [] : [`INDEX ${sqlOf(index)}`]),
    ...(constraint === null ? [] : [`CONSTRAINT ${quoteIdent(constraint.name)} ON ${sqlOf(constraint.on)}`]),
  ];
  return { sql: `COMMENT ON ${dice.pick(targets)} IS ${text}` };
};

/** Each as often as it stands here. */
export const operations: readonly Operation[] = [
  createSchema,
  renameSchema,
  dropSchema,
  grant,
  grant,
  own,
  comment,
  comment,
  ...typeOperations,
  ...tableOperations,
  ...codeOperations,
  ...changeOperations,
  ...kindOperations,
];
