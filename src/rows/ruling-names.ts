import { SquashError } from '../errors.js';
import type { RowSettings } from '../settings/rows.js';
import { refuseUnknown } from './names.js';
import { keyText } from './render.js';
import type { StoredTable } from './tables.js';
import { columnName, type Decision, type TwinRows } from './volatile.js';

/**
 * Refuses rulings that nothing could follow: of a column that isn't there, or left to a default that
 * it doesn't have.
 *
 * @throws SquashError SETTINGS_INVALID with the names that may have been meant.
 */
export function refuseBadRulings(
  { volatile }: Pick<RowSettings, 'volatile'>,
  tables: readonly StoredTable[],
): void {
  const columns = new Map(
    tables.flatMap((table) => table.columns.map((column) => [columnName(table, column), column] as const)),
  );
  const known = [...columns.keys()];
  const find = (name: string) =>
    columns.get(name) ?? columns.get(known.find((each) => each.replaceAll('"', '') === name) ?? '');
  refuseUnknown('squash.volatile', Object.keys(volatile), (name) => find(name) !== undefined, known);
  for (const [name, ruling] of Object.entries(volatile)) {
    const column = find(name);
    if (ruling !== 'default' || column?.default !== null || column.identity !== null) continue;
    throw new SquashError(
      'SETTINGS_INVALID',
      `squash.volatile: ${name} is ruled 'default', and it has none`,
      {
        hint: "Give an expression instead, { regenerate: '…' }, or 'freeze'.",
      },
    );
  }
}

/**
 * Refuses expressions by primary key that leave a row out.
 * @throws SquashError VOLATILE_UNRULED naming the rows.
 */
export function refuseMissingExpressions(twins: readonly TwinRows[], decisions: readonly Decision[]): void {
  for (const { table, column, expression } of decisions) {
    const twin = twins.find(({ first }) => first.table.id === table);
    if (typeof expression !== 'object' || twin === undefined) continue;
    const stored = twin.first.table;
    const at = stored.columns.findIndex(({ name }) => name === column);
    const missing = twin.first.rows
      .filter((row, number) => row[at] !== twin.second.rows[number]?.[at])
      .map((row) => keyText(stored, row))
      .filter((key) => !(key in expression));
    if (missing.length === 0) continue;
    throw new SquashError(
      'VOLATILE_UNRULED',
      `${columnName(stored, { name: column })} has expressions by primary key, and none for ${missing.map((key) => `'${key}'`).join(', ')}`,
      { hint: 'Add one for each of these rows in the knexfile, under squash.volatile.' },
    );
  }
}
