import { SquashError } from '../errors.js';
import { components, type Graph, topological } from './graph.js';

/** One object to be made, as far as order is concerned. */
export interface Step {
  readonly id: string;
  /** Where it goes when dependencies leave a choice: lower first, then by id. */
  readonly rank: number;
  readonly requires: readonly string[];
  /** The step whose statement can contain this one. */
  readonly host: string | null;
  /** What its first half needs, if it can be made in two; else null. */
  readonly shell: {
    readonly requires: readonly string[];
    readonly servesRanks: readonly number[] | null;
  } | null;
}

/** A step in its place. `folded` are the steps that its statement contains. */
export interface Planned {
  readonly id: string;
  readonly part: 'whole' | 'shell' | 'rest';
  readonly folded: readonly string[];
  /** It was part of a cycle, so it can't be dropped without what depends on it. */
  readonly cyclic: boolean;
}

/** A node of the graph that is sorted: a step with what it contains, or half of one. */
interface Unit extends Planned {
  readonly key: string;
  readonly rank: number;
  readonly requires: readonly string[];
}

/**
 * The order in which a catalog can be made: by dependency, then rank, then id in code points, so the
 * same objects give the same order however they came about.
 *
 * Children lie in their hosts' statements and everything is whole, except inside a strongly connected
 * component: there, first children step out of their hosts, then steps are made in two halves, one
 * rank at a time, until the cycle is gone.
 *
 * @throws SquashError CYCLE_UNSPLITTABLE naming the members of a cycle that nothing can split.
 */
export function plan(steps: readonly Step[]): readonly Planned[] {
  const byId = new Map(steps.map((step) => [step.id, step]));
  const rounds = [unfold, ...splitRanks(steps).map((rank) => splitRank(rank))];
  let state: Layout = { out: new Set(), split: new Map(), cyclic: new Set() };
  let units = layOut(steps, byId, state);
  let cycles = cyclesOf(units);
  for (const round of rounds) {
    if (cycles.length === 0) break;
    state = cycles.reduce((layout, cycle) => round(layout, cycle, byId), state);
    units = layOut(steps, byId, state);
    cycles = cyclesOf(units);
  }
  const [cycle] = cycles;
  if (cycle !== undefined) throw unsplittable(cycle.map((unit) => unit.id));
  const byKey = new Map([...units].sort(compareUnits).map((unit) => [unit.key, unit]));
  return topological(graphOf([...byKey.values()])).map((key) => {
    const { id, part, folded } = byKey.get(key) as Unit;
    return { id, part, folded, cyclic: state.cyclic.has(id) };
  });
}

/** Which children stand outside of their hosts, and which steps are halved within which component. */
interface Layout {
  readonly out: ReadonlySet<string>;
  readonly split: ReadonlyMap<string, ReadonlySet<string>>;
  readonly cyclic: ReadonlySet<string>;
}

function splitRanks(steps: readonly Step[]): readonly number[] {
  const ranks = new Set(steps.filter((step) => step.shell !== null).map((step) => step.rank));
  return [...ranks].sort((a, b) => b - a);
}

function members(cycle: readonly Unit[]): ReadonlySet<string> {
  return new Set(cycle.flatMap((unit) => [unit.id, ...unit.folded]));
}

/**
 * Children that need something of their component step out of their hosts. Not where the host itself
 * can be halved: a domain that is in use can't take another CHECK.
 */
function unfold(layout: Layout, cycle: readonly Unit[], byId: ReadonlyMap<string, Step>): Layout {
  const inside = members(cycle);
  const leaving = cycle
    .filter((unit) => byId.get(unit.id)?.shell === null)
    .flatMap((unit) =>
      unit.folded.filter((id) => byId.get(id)?.requires.some((need) => need !== unit.id && inside.has(need))),
    );
  return {
    ...layout,
    out: new Set([...layout.out, ...leaving]),
    cyclic: new Set([...layout.cyclic, ...cycle.map((unit) => unit.id)]),
  };
}

/** Steps of one rank whose second half alone needs something of their component are halved. */
function splitRank(rank: number) {
  return (layout: Layout, cycle: readonly Unit[], byId: ReadonlyMap<string, Step>): Layout => {
    const inside = members(cycle);
    const split = new Map(layout.split);
    for (const unit of cycle) {
      const step = byId.get(unit.id);
      if (step === undefined || step.rank !== rank || step.shell === null || unit.part !== 'whole') continue;
      const shell = new Set(step.shell.requires);
      if (unit.requires.some((key) => inside.has(stepOf(key)) && !shell.has(stepOf(key))))
        split.set(step.id, inside);
    }
    return { ...layout, split };
  };
}

const shellSuffix = '\u0000shell';

function stepOf(key: string): string {
  return key.endsWith(shellSuffix) ? key.slice(0, -shellSuffix.length) : key;
}

function layOut(steps: readonly Step[], byId: ReadonlyMap<string, Step>, layout: Layout): readonly Unit[] {
  const children = new Map<string, string[]>();
  const home = new Map<string, string>();
  for (const { id, host } of steps) {
    const isFolded = host !== null && byId.has(host) && !layout.out.has(id);
    home.set(id, isFolded ? host : id);
    if (!isFolded) continue;
    const others = children.get(host);
    if (others === undefined) children.set(host, [id]);
    else others.push(id);
  }
  const keyFor = (from: Step, target: string): string => {
    const cycle = layout.split.get(target);
    if (cycle === undefined || !cycle.has(from.id)) return target;
    const serves = byId.get(target)?.shell?.servesRanks ?? null;
    return serves === null || serves.includes(from.rank) ? target + shellSuffix : target;
  };
  /** Adds the keys of what a step needs outside of the unit it lies in. */
  const addNeeds = (keys: Set<string>, from: Step, needs: readonly string[], unit: string): void => {
    for (const need of needs) {
      const target = home.get(need);
      if (target !== undefined && target !== unit) keys.add(keyFor(from, target));
    }
  };
  return steps.flatMap((step): readonly Unit[] => {
    const { id, rank, shell } = step;
    if (home.get(id) !== id) return [];
    const folded = (children.get(id) ?? []).sort();
    const needed = new Set<string>();
    for (const each of [step, ...folded.map((child) => byId.get(child) as Step)])
      addNeeds(needed, each, each.requires, id);
    const requires = [...needed];
    if (shell === null || !layout.split.has(id))
      return [{ id, key: id, rank, part: 'whole', folded, requires, cyclic: false }];
    const neededByShell = new Set<string>();
    addNeeds(neededByShell, step, shell.requires, id);
    const key = id + shellSuffix;
    return [
      { id, key, rank, part: 'shell', folded: [], requires: [...neededByShell], cyclic: false },
      { id, key: id, rank, part: 'rest', folded, requires: [key, ...requires], cyclic: false },
    ];
  });
}

function graphOf(units: readonly Unit[]): Graph {
  return new Map(units.map((unit) => [unit.key, unit.requires]));
}

function cyclesOf(units: readonly Unit[]): readonly (readonly Unit[])[] {
  const byKey = new Map(units.map((unit) => [unit.key, unit]));
  return components(graphOf(units))
    .filter((component) => component.length > 1)
    .map((component) => component.map((key) => byKey.get(key) as Unit).sort(compareUnits));
}

function compareUnits(a: Unit, b: Unit): number {
  return a.rank - b.rank || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0);
}

function unsplittable(ids: readonly string[]): SquashError {
  return new SquashError(
    'CYCLE_UNSPLITTABLE',
    `these objects depend on each other, and none can be made in two steps: ${ids.join(', ')}`,
    {
      hint: 'Break the cycle in a migration, for example with a function whose body is a string.',
    },
  );
}
