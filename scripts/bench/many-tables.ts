/**
 * A schema of so many tables, as scripts of a hundred each, since the locks of one transaction are
 * limited: 8 columns, a primary and a foreign key, 2 indexes each; a view for every 10, a function and
 * a trigger for every 20.
 */
export function manyTables(tables: number): readonly string[] {
  const starts = Array.from({ length: Math.ceil(tables / 100) }, (_, at) => at * 100);
  return starts.map((from) => {
    const numbers = Array.from({ length: Math.min(100, tables - from) }, (_, at) => from + at);
    return `${from === 0 ? 'CREATE SCHEMA app;' : ''}${numbers.map(tableSql).join('')}`;
  });
}

function tableSql(number: number): string {
  const parent = Math.floor(number / 2);
  const name = `app.t${number}`;
  const view = `CREATE VIEW app.v${number} AS SELECT a.id, a.symbol, b.name FROM ${name} a
    LEFT JOIN app.t${parent} b ON b.id = a.parent_id WHERE a.symbol IN ('x', 'y');`;
  const trigger = `CREATE FUNCTION app.f${number}() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN NEW.updated := now(); RETURN NEW; END $$;
    CREATE TRIGGER touch BEFORE UPDATE ON ${name} FOR EACH ROW EXECUTE FUNCTION app.f${number}();`;
  return `
    CREATE TABLE ${name} (id int PRIMARY KEY, parent_id int REFERENCES app.t${parent}, symbol varchar(40) NOT NULL,
      name text DEFAULT 'none', score numeric(8, 2) DEFAULT 0.5, tags text[], data jsonb DEFAULT '{}',
      updated timestamptz DEFAULT now());
    CREATE INDEX ON ${name} (parent_id);
    CREATE INDEX ON ${name} (lower(symbol)) WHERE score > 0;
    ${number % 10 === 0 ? view : ''}${number % 20 === 0 ? trigger : ''}`;
}
