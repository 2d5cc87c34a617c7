import { SquashError } from '../errors.js';
import type { Evidence } from './evidence.js';
import type { Unruled } from './rule.js';
import { columnName } from './volatile.js';

/** The refusal of values that only the project can rule: what differs, how, and the lines to add. */
export function unruledError(unruled: readonly Unruled[]): SquashError {
  const columns = unruled.map(({ evidence, reason }) => `\n  ${describe(evidence)}: ${reasons[reason]}`);
  const many = unruled.length > 1;
  return new SquashError(
    'VOLATILE_UNRULED',
    `${many ? `${unruled.length} columns hold` : 'a column holds'} values that differ each time the history runs, and only you can say what a baseline is to do with them:${columns.join('')}`,
    { hint: remedy(unruled) },
  );
}

const reasons: Readonly<Record<Unruled['reason'], string>> = {
  unexplained:
    'no default explains it, and it is neither a time nor a key. Made for one installation, it would be shared by all and lie in git',
  partly:
    'only some of its rows differ, and they are copied from a file, where a column has one ruling for all rows: freeze it, or raise squash.rowsThreshold',
  referenced:
    'it is ruled to differ on each database, but other rows refer to it, and nothing else identifies them: freeze it',
};

/** `public.settings.jwt_secret (1 of 3 rows: key = 'jwt'), 64 hex digits`. */
function describe({ table, column, rows, differing, where, shapes }: Evidence): string {
  const more = differing > where.length ? ', …' : '';
  const places = where.length === 0 ? '' : `: ${where.join('; ')}${more}`;
  const shape = shapes.length === 0 ? 'NULL in one of two replays' : shapes.join(' or ');
  return `${columnName(table, column)} (${differing} of ${rows} ${rows === 1 ? 'row' : 'rows'}${places}), ${shape}, another in each replay`;
}

function remedy(unruled: readonly Unruled[]): string {
  const lines = unruled.map(({ evidence, reason }) => {
    const name = `'${columnName(evidence.table, evidence.column).replaceAll("'", "\\'")}'`;
    const value = reason === 'unexplained' ? suggestion(evidence) : `'freeze'`;
    return `      ${name}: ${value},`;
  });
  return [
    'Add to the knexfile:',
    '  squash: {',
    '    volatile: {',
    ...lines,
    '    },',
    '  },',
    "regenerate: an SQL expression that each new database evaluates; 'default': its column's default; 'freeze': this replay's value, the same on every database.",
  ].join('\n');
}

function suggestion({ expression, column }: Evidence): string {
  if (expression !== null) return `{ regenerate: ${JSON.stringify(expression)} }`;
  return column.default === null ? `'freeze'` : `'default'`;
}
