import type { RowsFile } from '../rows/copy.js';

/** What every file of rows ends with: Knex takes none for a migration. */
const extension = '.copy.gz';

/** Some file systems have no more for a name; the stem has its own share of it. */
const longest = 100;

/**
 * A name for each file of rows, by id of its table: the baseline's own name, then the table's, in
 * characters that every system takes.
 */
export function namesOfRowsFiles(stem: string, files: readonly RowsFile[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  const taken = new Set<string>();
  for (const { table } of files) {
    const plain = table.identity
      .replaceAll('"', '')
      .replaceAll(/[^\w.-]/gu, '_')
      .slice(0, longest);
    let name = `${stem}.${plain}${extension}`;
    for (let n = 2; taken.has(name.toLowerCase()); n++) name = `${stem}.${plain}-${n}${extension}`;
    taken.add(name.toLowerCase());
    names.set(table.id, name);
  }
  return names;
}
