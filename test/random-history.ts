import fc from 'fast-check';
import type { Client } from 'pg';
import { quoteLiteral } from '../src/database/sql.js';
import { emptyModel, type Model } from './random-history-model.js';
import { operations } from './random-history-operations.js';

/** What fast-check makes and shrinks: which operation, and the numbers that decide all else about it. */
export interface Move {
  readonly operation: number;
  readonly dice: readonly number[];
}

export const moves = (length: number): fc.Arbitrary<Move[]> =>
  fc.noBias(
    fc.array(
      fc.record({
        operation: fc.nat({ max: 9999 }),
        dice: fc.array(fc.nat({ max: 9999 }), { minLength: 12, maxLength: 12 }),
      }),
      { minLength: 1, maxLength: length, size: 'max' },
    ),
  );

/** A statement, and what it changes in the model once the server took it. */
export interface Statement {
  readonly sql: string;
  readonly effect?: (model: Model) => void;
}

/** Decides by numbers: the same numbers give the same decisions. */
export interface Dice {
  roll(sides: number): number;
  /** One in so many. */
  chance(sides: number): boolean;
  pick<T>(list: readonly T[]): T;
  /** A new name, plain or hostile, not quoted. */
  name(): string;
  /** A text, plain or hostile, as a literal. */
  text(): string;
}

const hostile = [
  'Quote "d"',
  "it's",
  'back\\slash\\',
  'what?',
  '$1',
  `\${x}`,
  'UPPER',
  'ünï 😀',
  'select',
  'user',
  'a.b',
  '--dash',
  ';drop',
  ' spaces ',
  '`tick`',
  '%I',
  '$$',
  '$guard$',
  'line\nbreak',
  'tab\t',
  '/* c */',
  "E'\\n'",
  '{1,"2"}',
];

const plain = ['ant', 'bee', 'cat', 'dog', 'elk', 'fox', 'gnu', 'hen'];

export function dice(numbers: readonly number[]): Dice {
  let at = 0;
  const roll = (sides: number): number => (numbers[at++ % numbers.length] ?? 0) % sides;
  const word = (): string => {
    const number = roll(10_000);
    const list = number % 3 === 0 ? hostile : plain;
    return `${list[number % list.length]}`;
  };
  return {
    roll,
    chance: (sides) => roll(sides) === 0,
    pick: (list) => list[roll(list.length)] as never,
    // Two digits: most names are new, some collide, and the server refuses those.
    name: () => `${word()}${roll(40)}`,
    text: () => quoteLiteral(word()),
  };
}

/**
 * Plays moves on an empty database and gives the statements that the server took, in order: a move
 * that isn't possible just then (a column that a view needs can't be dropped) is left out.
 */
export async function play(client: Client, list: readonly Move[]): Promise<readonly string[]> {
  const model = emptyModel();
  const played: string[] = [];
  for (const { operation, dice: numbers } of list) {
    const statement = operations[operation % operations.length]?.(model, dice(numbers)) ?? null;
    if (statement === null) continue;
    const taken = await client.query(statement.sql).then(
      () => true,
      () => false,
    );
    if (!taken) continue;
    statement.effect?.(model);
    played.push(statement.sql);
  }
  return played;
}
