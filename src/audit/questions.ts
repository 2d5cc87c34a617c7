/** What about a migration somebody has to think of before it is squashed. */
export type Topic =
  | 'environment'
  | 'network or files'
  | 'time'
  | 'randomness'
  | 'no transaction'
  | 'rows written'
  | 'rows of live databases'
  | 'roles'
  | 'extension'
  | 'code elsewhere'
  | 'unreadable';

export interface Question {
  readonly topic: Topic;
  readonly migration: string;
  /** Of its file, from 1; null where a statement was seen on its way to the server. */
  readonly line: number | null;
  /** The code or statement, on one line. */
  readonly text: string;
}

/** What a squash does about each topic, and what it asks. */
export const advice: Readonly<Record<Topic, string>> = {
  environment: 'A replay sees no variable of production: what depends on one is frozen as the replay had it.',
  'network or files':
    'A replay does it again, and the baseline never: keep files beside the migrations in git.',
  time: 'Values that differ between two replays are left to defaults or ruled in the knexfile (squash.volatile).',
  randomness:
    'Secrets, salts and random ids are never frozen silently: rule each in the knexfile (squash.volatile).',
  'no transaction':
    'A database on which it broke off half-way is found by validate; see knex-squash resolve.',
  'rows written':
    'The baseline carries the rows that the whole history leaves; `rows` in the knexfile says which.',
  'rows of live databases':
    'On a live database it worked on rows that no migration wrote. A fresh one has none; one that has not run it yet must catch up from the archive.',
  roles:
    'Roles belong to the server: the history is replayed on one of its own, and the baseline makes them only where they are missing.',
  extension: 'Every server that runs the baseline needs it installed, managed ones too.',
  'code elsewhere':
    'The archive keeps the migration, not what it imports: such files must stay in git as they were.',
  unreadable: 'It could not be read, so nothing is known of it but what the replay shows.',
};

/** A text on one line, cut where it is long. */
export function oneLine(text: string, length = 120): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length > length ? `${line.slice(0, length - 1)}…` : line;
}

/** Each question once, in the order of the migrations. */
export function distinct(questions: readonly Question[]): readonly Question[] {
  const seen = new Set<string>();
  return questions.filter(({ topic, migration, text }) => {
    const key = JSON.stringify([topic, migration, text]);
    return seen.has(key) ? false : seen.add(key);
  });
}
