import { quoteLiteral } from '../database/sql.js';
import type { CopyRows } from '../rows/copy.js';
import { adoptedGuard, type LedgerNames, rowsGuard, type WrittenTable } from './guard.js';
import type { Script, Section, Statement } from './script.js';

/** A text that is sent in one round trip, or rows that are copied between two texts. */
export type UpStep = string | CopyRows;

type Settings = readonly (readonly [string, string])[];

/** What values are read under, whatever the session's own settings. */
const reading: Settings = [
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'postgres'],
  ['lc_monetary', 'C'],
];

/** The time zone stays the session's: a default that is evaluated gives what it gave the history. */
const making: Settings = [
  ['check_function_bodies', 'off'],
  // A materialized view is filled by its owner, who sees no more through policies than ever.
  ['row_security', 'on'],
  ['default_tablespace', ''],
  ['xmloption', 'content'],
  ['statement_timeout', '0'],
  ...reading,
];

/** What the hashes of rows depend on. */
const hashing: Settings = [
  ['row_security', 'off'],
  ...reading,
  ['TimeZone', 'UTC'],
  ['extra_float_digits', '3'],
  ['bytea_output', 'hex'],
];

/** The whole of a baseline: guards, the sections, and the session as it was before; a lone text where nothing is copied. */
export function upSteps(script: Script, searchPath: string, guards: readonly string[]): readonly UpStep[] {
  const statements = fenced([['search_path', searchPath], ...making], script.up);
  return joined([...guards, ...statements]);
}

/** What the way back drops without a question only where the baseline itself made it. */
export interface OwnWork {
  readonly tables: readonly WrittenTable[];
  readonly ledger: LedgerNames;
}

/** The way back as one text; without `own` nothing is checked before everything is dropped. */
export function downText(script: Script, searchPath: string, own: OwnWork | null): string {
  const guard =
    own === null
      ? []
      : [
          {
            title: 'Only what the baseline itself wrote may go',
            statements: [adoptedGuard(own.ledger), rowsGuard(own.tables)],
          },
        ];
  const statements = fenced(
    [['search_path', searchPath], ...hashing],
    [...guard, { title: 'Everything, in reverse order', statements: script.down }],
  );
  return joined(statements).join('');
}

/** Settings are local to the transaction, but Knex's own query follows in it: they are saved and restored. */
function fenced(settings: Settings, sections: readonly Section[]): readonly Statement[] {
  const save = settings.map(
    ([name]) => `set_config('knex_squash.${name}', pg_catalog.current_setting('${name}'), true)`,
  );
  const set = settings.map(([name, value]) => `set_config('${name}', ${quoteLiteral(value)}, true)`);
  const restore = settings.map(
    ([name]) => `set_config('${name}', pg_catalog.current_setting('knex_squash.${name}'), true)`,
  );
  const select = (calls: readonly string[]): string =>
    `SELECT ${calls.map((call) => `pg_catalog.${call}`).join(',\n  ')}`;
  return [select(save), select(set), ...sections.flatMap(titled), `\n${select(restore)}`];
}

function titled({ title, statements }: Section): readonly Statement[] {
  const [first] = statements;
  const heading = `\n-- ${title}\n\n`;
  if (typeof first === 'string') return [heading + first, ...statements.slice(1)];
  return first === undefined ? [] : [`\n-- ${title}`, ...statements];
}

/** Statements up to the next copy make one text. */
function joined(statements: readonly Statement[]): readonly UpStep[] {
  const steps: UpStep[] = [];
  for (const statement of statements) {
    const last = steps.at(-1);
    if (typeof statement !== 'string') steps.push(statement);
    else if (typeof last === 'string') steps[steps.length - 1] = `${last}${statement};\n`;
    else steps.push(`${statement};\n`);
  }
  return steps;
}
