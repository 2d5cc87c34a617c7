import { quoteLiteral } from '../database/sql.js';
import { adoptedGuard, emptinessGuard, type LedgerNames, rowsGuard, type WrittenTable } from './guard.js';
import type { Script, Section } from './script.js';

/** What the statements run under, whatever the session's own settings; all of it is put back. */
const settings: readonly (readonly [string, string])[] = [
  ['check_function_bodies', 'off'],
  ['row_security', 'off'],
  ['default_tablespace', ''],
  ['DateStyle', 'ISO, YMD'],
  ['IntervalStyle', 'postgres'],
  ['TimeZone', 'UTC'],
  ['extra_float_digits', '3'],
  ['bytea_output', 'hex'],
];

/** The whole of a baseline as one text: a guard, the sections, and the session as it was before. */
export function upText(script: Script, searchPath: string, ledger: LedgerNames): string {
  return fenced(emptinessGuard(ledger), searchPath, script.up);
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
  return fenced(null, searchPath, [
    ...guard,
    { title: 'Everything, in reverse order', statements: script.down },
  ]);
}

/** Settings are local to the transaction, but Knex's own query follows in it: they are saved and restored. */
function fenced(guard: string | null, searchPath: string, sections: readonly Section[]): string {
  const all = [['search_path', searchPath] as const, ...settings];
  const save = all.map(([name]) => `set_config('knex_squash.${name}', current_setting('${name}'), true)`);
  const set = all.map(([name, value]) => `set_config('${name}', ${quoteLiteral(value)}, true)`);
  const restore = all.map(([name]) => `set_config('${name}', current_setting('knex_squash.${name}'), true)`);
  const select = (calls: readonly string[]): string =>
    `SELECT ${calls.map((call) => `pg_catalog.${call}`).join(',\n  ')}`;
  return [
    ...(guard === null ? [] : [guard]),
    select(save).replaceAll(', current_setting', ', pg_catalog.current_setting'),
    select(set),
    ...sections.flatMap(({ title, statements }) =>
      statements.map((statement, at) => (at === 0 ? `\n-- ${title}\n\n${statement}` : statement)),
    ),
    `\n${select(restore).replaceAll(', current_setting', ', pg_catalog.current_setting')}`,
  ]
    .map((statement) => `${statement};\n`)
    .join('');
}
