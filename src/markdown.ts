/** A name or text of the database in Markdown: as code, on one line, whatever it holds. */
export function code(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  const ticks = '`'.repeat(1 + Math.max(0, ...(line.match(/`+/g) ?? []).map((run) => run.length)));
  const padded = line === '' || line.startsWith('`') || line.endsWith('`') ? ` ${line} ` : line;
  // A bar would end the cell of a table, even in code.
  return `${ticks}${padded.replaceAll('|', '\\|')}${ticks}`;
}

/** A heading with the lines around it. */
export function heading(title: string): string {
  return `\n## ${title}\n`;
}

/** The lines of a table; cells are Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}
