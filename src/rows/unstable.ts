import { patternOf } from '../catalog/patterns.js';
import { SquashError } from '../errors.js';

/** One way in which a history does not reproduce itself. */
export interface Instability {
  /** Id of the object. */
  readonly object: string;
  /** What was found: `has 3 rows after one replay and 4 after another`. */
  readonly how: string;
}

const shown = 20;

/** The refusal of a history that builds something else each time, with the lines that rule it. */
export function unstableError(found: readonly Instability[]): SquashError {
  const lines = found.slice(0, shown).map(({ object, how }) => `\n  ${object} ${how}`);
  const more = found.length > shown ? `\n  and ${found.length - shown} more` : '';
  return new SquashError(
    'HISTORY_UNSTABLE',
    `the history does not reproduce itself:${lines.join('')}${more}`,
    {
      hint: [
        'A migration takes a name, a default, an order or rows from chance, time or parallel statements: make it the same each time.',
        'Or keep what the first replay built, in the knexfile:',
        '  squash: {',
        '    unstable: {',
        ...found.slice(0, shown).map(({ object }) => `      '${object.replaceAll("'", "\\'")}': 'first',`),
        '    },',
        '  },',
      ].join('\n'),
    },
  );
}

/** Whether the settings rule that object; `*` stands for any text. */
export function isRuledUnstable(object: string, unstable: Readonly<Record<string, 'first'>>): boolean {
  return Object.keys(unstable).some((pattern) => patternOf(pattern).test(object));
}
