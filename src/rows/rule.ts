import type { RowSettings, VolatileRuling } from '../settings/rows.js';
import type { Evidence } from './evidence.js';
import { clashesOf, hasVaryingDefault, keysOf, referencesOf, type Surroundings } from './references.js';
import { columnName, type Decision, type Ruling, type Target } from './volatile.js';

export interface RulingInput extends Surroundings {
  readonly settings: Pick<RowSettings, 'times' | 'volatile'>;
}

/** A column that only the project itself can rule, and why. */
export interface Unruled {
  readonly evidence: Evidence;
  readonly reason: 'unexplained' | 'partly' | 'referenced';
}

export interface Rulings {
  readonly decisions: readonly Decision[];
  readonly unruled: readonly Unruled[];
}

/**
 * Rules every column that differs between two replays: as the settings say, else it refers to
 * another, or its default explains it, or it is a time or a key. What remains is unruled: a value
 * that was made for one installation must not be shared by all.
 */
export function rule(input: RulingInput): Rulings {
  const kept = new Map<string, string>();
  // A key that can't be looked up keeps its value, and whatever refers to it follows.
  for (;;) {
    const proposals = [...input.evidence.values()].map((each) => propose(each, input, kept, new Set()));
    const lookups = proposals.flatMap(({ evidence, target }) =>
      target === undefined ? [] : [{ evidence, target }],
    );
    const clashes = clashesOf(lookups, input);
    const fresh = clashes.filter(({ key }) => !kept.has(nameOf(key)));
    if (fresh.length === 0) return settle(proposals, new Set(clashes.map(({ key }) => key)), input);
    for (const { key, note } of fresh) kept.set(nameOf(key), note);
  }
}

interface Proposal {
  readonly evidence: Evidence;
  readonly ruling: Ruling | null;
  readonly target?: Target;
  readonly bySettings?: true;
  readonly note?: string;
}

function nameOf({ table, column }: Evidence): string {
  return columnName(table, column);
}

function propose(
  evidence: Evidence,
  input: RulingInput,
  kept: ReadonlyMap<string, string>,
  path: ReadonlySet<string>,
): Proposal {
  const name = nameOf(evidence);
  const set = settingFor(name, input);
  if (set !== null)
    return { evidence, ruling: typeof set === 'string' ? set : 'regenerate', bySettings: true };
  const note = kept.get(name);
  // Even a value that others copy is frozen only where it is a key: a secret stays the project's to rule.
  if (note !== undefined) return { evidence, ruling: isKey(evidence, input) ? 'freeze' : null, note };
  const isTime = isTimeColumn(evidence);
  if (isTime && input.settings.times === 'freeze') return { evidence, ruling: 'freeze', bySettings: true };
  const targets = referencesOf(evidence, input);
  if (targets.length > 0) return { evidence, ...following(targets, input, kept, new Set([...path, name])) };
  if (isExplained(evidence, input)) return { evidence, ruling: 'default' };
  if (!isTime) return { evidence, ruling: isKey(evidence, input) ? 'freeze' : null };
  const isNow = evidence.time === 'now' && evidence.column.type.startsWith('timestamp');
  return { evidence, ruling: isNow ? 'now' : 'freeze' };
}

/** What the settings say of a column, whether its name is quoted there or not. */
function settingFor(name: string, { settings }: RulingInput): VolatileRuling | null {
  return settings.volatile[name] ?? settings.volatile[name.replaceAll('"', '')] ?? null;
}

function isTimeColumn({ column, time }: Evidence): boolean {
  return time !== null || /^(timestamp|time|date)/.test(column.type);
}

/** A column that refers to others goes the way of those: looked up where all of them are open. */
function following(
  targets: readonly Target[],
  input: RulingInput,
  kept: ReadonlyMap<string, string>,
  path: ReadonlySet<string>,
): Pick<Proposal, 'ruling' | 'target'> {
  const keys = targets.flatMap((target) => keysOf(target, input));
  // Around a circle nothing can be looked up; that is found when all proposals are there.
  const isOpen = (key: Evidence): boolean =>
    path.has(nameOf(key)) || propose(key, input, kept, path).ruling !== 'freeze';
  const [target] = targets;
  return target !== undefined && keys.every(isOpen) ? { ruling: 'lookup', target } : { ruling: 'freeze' };
}

/** Milliseconds by which a default's time may miss. */
const slack = 1000;

/** Whether the column's default, left to itself, gives such values as the history wrote. */
function isExplained(evidence: Evidence, input: RulingInput): boolean {
  if (!hasVaryingDefault(evidence.table, evidence.column, input)) return false;
  const offset = input.defaults.get(nameOf(evidence))?.offset ?? null;
  if (offset === null || evidence.ahead === null) return true;
  const [least, most] = evidence.ahead;
  return offset >= least - slack && offset <= most + slack;
}

/** Whatever it is a key of: what bears such a name is never kept without being asked for. */
const secretive = /secret|token|passw|pwd|salt|api_?key|jwt|private|credential|nonce|hash|signature/i;

function isKey({ table, column, areUuids }: Evidence, { keys }: RulingInput): boolean {
  if (secretive.test(column.name) && !/_(id|uuid)$/i.test(column.name)) return false;
  const name = columnName(table, column);
  if (keys.referenced.has(name)) return true;
  const isUnique = table.uniqueKeys.some((key) => key.length === 1 && key[0] === column.name);
  if (!isUnique && !keys.primary.has(name)) return false;
  return (
    areUuids ||
    /^(smallint|integer|bigint|uuid)$/.test(column.type) ||
    /(^|_)(id|uuid|guid)$/i.test(column.name)
  );
}

function settle(proposals: readonly Proposal[], lost: ReadonlySet<Evidence>, input: RulingInput): Rulings {
  const settled = proposals.map((proposal) =>
    lost.has(proposal.evidence)
      ? ({ evidence: proposal.evidence, reason: 'referenced' } as const)
      : settleOne(proposal, input),
  );
  return {
    decisions: settled.filter((each): each is Decision => !('reason' in each)),
    unruled: settled.filter((each): each is Unruled => 'reason' in each),
  };
}

function settleOne(proposal: Proposal, input: RulingInput): Decision | Unruled {
  const { evidence, ruling, ...rest } = proposal;
  if (ruling === null) return { evidence, reason: 'unexplained' };
  const set = settingFor(nameOf(evidence), input);
  const decision: Decision = {
    table: evidence.table.id,
    column: evidence.column.name,
    ruling,
    ...(typeof set === 'object' && set !== null ? { expression: set.regenerate } : {}),
    ...rest,
  };
  return ruling === 'freeze' || input.held.has(evidence.table.identity)
    ? decision
    : copied(decision, evidence);
}

/** COPY leaves a column to its default in all rows or in none. */
function copied(decision: Decision, evidence: Evidence): Decision | Unruled {
  const { differing, rows, hasNulls } = evidence;
  if (differing === rows && !hasNulls && typeof decision.expression !== 'object') return decision;
  if (!isTimeColumn(evidence) || decision.bySettings === true) return { evidence, reason: 'partly' };
  const note = `only ${differing} of its ${rows} rows differ, and they are copied from a file`;
  return { table: decision.table, column: decision.column, ruling: 'freeze', note };
}
