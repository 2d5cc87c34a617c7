import { quoteIdent } from '../src/database/sql.js';
import type { Dice } from './random-history.js';
import {
  fresh,
  type Model,
  type Operation,
  type Relation,
  replaced,
  some,
  sqlOf,
} from './random-history-model.js';

/** A query over one or two relations, and the columns that it gives. */
function query(
  model: Model,
  dice: Dice,
): { readonly sql: string; readonly columns: Relation['columns'] } | null {
  const from = some([...model.tables, ...model.views, ...model.partitioned], dice);
  const column = from === null ? null : some(from.columns, dice);
  if (from === null || column === null) return null;
  const target = `a.${quoteIdent(column.name)}`;
  const called = some(model.functions, dice);
  const other = some([...model.tables, ...model.views], dice);
  const columns = [
    { name: 'id', type: 'int' },
    { name: 'x', type: 'text' },
  ];
  const list = dice.pick([
    `a.id, ${target}::text AS x`,
    `a.id, CASE WHEN ${target}::text IN ('x', ${dice.text()}) THEN ${dice.text()} END AS x`,
    ...(called === null ? [] : [`${sqlOf(called)}(a.id) AS id, ${target}::text AS x`]),
  ]);
  const join = other === null || dice.chance(2) ? '' : ` LEFT JOIN ${sqlOf(other)} b ON b.id = a.id`;
  const where = dice.chance(2) ? '' : ` WHERE ${target}::text <> ${dice.text()}`;
  return { sql: `SELECT ${list} FROM ${sqlOf(from)} a${join}${where}`, columns };
}

const createView: Operation = (model, dice) => {
  const item = fresh(model, dice);
  const made = query(model, dice);
  if (made === null) return null;
  const options = dice.chance(4) ? ' WITH (security_barrier)' : '';
  return {
    sql: `CREATE VIEW ${sqlOf(item)}${options} AS ${made.sql}`,
    effect: (now) => now.views.push({ ...item, columns: made.columns }),
  };
};

const createMaterializedView: Operation = (model, dice) => {
  const item = fresh(model, dice);
  const made = query(model, dice);
  if (made === null) return null;
  return {
    sql: `CREATE MATERIALIZED VIEW ${sqlOf(item)} AS ${made.sql}${dice.chance(3) ? ' WITH NO DATA' : ''}`,
    effect: (now) => now.views.push({ ...item, columns: made.columns }),
  };
};

const alterView: Operation = (model, dice) => {
  const view = some(model.views, dice);
  const made = query(model, dice);
  if (view === null || made === null) return null;
  const renamed = { ...view, name: dice.name() };
  const [sql, next] = dice.pick([
    [`CREATE OR REPLACE VIEW ${sqlOf(view)} AS ${made.sql}`, [view]],
    [`ALTER TABLE ${sqlOf(view)} RENAME TO ${quoteIdent(renamed.name)}`, [renamed]],
    [`DROP VIEW ${sqlOf(view)}${dice.chance(2) ? ' CASCADE' : ''}`, []],
    [`ALTER VIEW ${sqlOf(view)} ALTER x SET DEFAULT ${dice.text()}`, [view]],
    [`REFRESH MATERIALIZED VIEW ${sqlOf(view)}`, [view]],
  ] as const);
  return {
    sql,
    effect: (now) => {
      now.views = replaced(now.views, view, ...next);
    },
  };
};

function body(model: Model, dice: Dice): string {
  const called = some(model.functions, dice);
  const from = some([...model.tables, ...model.views], dice);
  const call = called === null ? '$1 + 1' : `${sqlOf(called)}($1)`;
  const count = from === null ? '$1' : `(SELECT count(*)::int FROM ${sqlOf(from)} WHERE id > $1)`;
  const attributes = dice.pick([
    '',
    ' IMMUTABLE',
    ' STABLE STRICT',
    ' SECURITY DEFINER SET search_path = public',
  ]);
  return dice.pick([
    `LANGUAGE sql${attributes} AS $body$ SELECT ${call} $body$`,
    `LANGUAGE plpgsql${attributes} AS $body$ BEGIN RETURN length(${dice.text()}); END $body$`,
    `LANGUAGE sql${attributes} RETURN ${call}`,
    `LANGUAGE sql${attributes} BEGIN ATOMIC SELECT ${count}; END`,
    `LANGUAGE sql IMMUTABLE RETURN ${count}`,
  ]);
}

const createFunction: Operation = (model, dice) => {
  const item = fresh(model, dice);
  return {
    sql: `CREATE FUNCTION ${sqlOf(item)}(int) RETURNS int ${body(model, dice)}`,
    effect: (now) => now.functions.push(item),
  };
};

const alterFunction: Operation = (model, dice) => {
  const item = some(model.functions, dice);
  if (item === null) return null;
  const renamed = { ...item, name: dice.name() };
  const [sql, next] = dice.pick([
    [`CREATE OR REPLACE FUNCTION ${sqlOf(item)}(int) RETURNS int ${body(model, dice)}`, [item]],
    [`ALTER FUNCTION ${sqlOf(item)}(int) RENAME TO ${quoteIdent(renamed.name)}`, [renamed]],
    [`ALTER FUNCTION ${sqlOf(item)}(int) COST 5`, [item]],
    [`DROP FUNCTION ${sqlOf(item)}(int)${dice.chance(2) ? ' CASCADE' : ''}`, []],
  ] as const);
  return {
    sql,
    effect: (now) => {
      now.functions = replaced(now.functions, item, ...next);
    },
  };
};

/** A function over a relation's row: with a view it can be a cycle. */
const createRowFunction: Operation = (model, dice) => {
  const relation = some([...model.tables, ...model.views], dice);
  if (relation === null) return null;
  const type = sqlOf(relation);
  const signature = `${sqlOf(fresh(model, dice))}(${type}) RETURNS SETOF ${type}`;
  return {
    sql: `CREATE FUNCTION ${signature} LANGUAGE sql AS ${dice.pick(['$b$ SELECT $1.* $b$', `$b$ SELECT * FROM ${type} $b$`])}`,
  };
};

const createTriggerFunction: Operation = (model, dice) => {
  const item = fresh(model, dice);
  return {
    sql: `CREATE FUNCTION ${sqlOf(item)}() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN RETURN NEW; END $body$`,
    effect: (now) => now.triggerFunctions.push(item),
  };
};

const createTrigger: Operation = (model, dice) => {
  const table = some([...model.tables, ...model.partitioned], dice);
  const called = some(model.triggerFunctions, dice);
  const column = table === null ? null : some(table.columns, dice);
  if (table === null || called === null || column === null) return null;
  const name = dice.name();
  const target = quoteIdent(column.name);
  const when = dice.pick(['BEFORE INSERT', 'AFTER DELETE OR UPDATE', `BEFORE UPDATE OF ${target}`]);
  const condition =
    dice.chance(3) && when === 'BEFORE INSERT' ? ` WHEN (new.${target}::text IN ('x', ${dice.text()}))` : '';
  return {
    sql: `CREATE TRIGGER ${quoteIdent(name)} ${when} ON ${sqlOf(table)} FOR EACH ROW${condition} EXECUTE FUNCTION ${sqlOf(called)}(${dice.text()})`,
    effect: (now) => now.triggers.push({ name, on: table }),
  };
};

const alterTrigger: Operation = (model, dice) => {
  const trigger = some(model.triggers, dice);
  if (trigger === null) return null;
  const name = quoteIdent(trigger.name);
  const on = sqlOf(trigger.on);
  return {
    sql: dice.pick([
      `ALTER TABLE ${on} DISABLE TRIGGER ${name}`,
      `ALTER TABLE ${on} ENABLE ALWAYS TRIGGER ${name}`,
      `DROP TRIGGER ${name} ON ${on}`,
    ]),
  };
};

const createPolicyOrRule: Operation = (model, dice) => {
  const table = some(model.tables, dice);
  const column = table === null ? null : some(table.columns, dice);
  if (table === null || column === null) return null;
  const test = `${quoteIdent(column.name)}::text NOT IN ('x', ${dice.text()})`;
  const name = quoteIdent(dice.name());
  const on = sqlOf(table);
  return {
    sql: dice.pick([
      `CREATE POLICY ${name} ON ${on} USING (${test})`,
      `CREATE POLICY ${name} ON ${on} AS RESTRICTIVE FOR UPDATE TO case_reader USING (${test}) WITH CHECK (id > 0)`,
      `CREATE RULE ${name} AS ON DELETE TO ${on} WHERE old.${test} DO INSTEAD NOTHING`,
      `CREATE STATISTICS ${sqlOf(fresh(model, dice))} ON id, ${quoteIdent(column.name)} FROM ${on}`,
    ]),
  };
};

export const codeOperations: readonly Operation[] = [
  ...Array<Operation>(3).fill(createView),
  createMaterializedView,
  alterView,
  alterView,
  ...Array<Operation>(3).fill(createFunction),
  alterFunction,
  alterFunction,
  createRowFunction,
  createTriggerFunction,
  createTrigger,
  createTrigger,
  alterTrigger,
  createPolicyOrRule,
];
