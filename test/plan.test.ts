import fc from 'fast-check';
import { components, topological } from '../src/plan/graph.js';
import { plan, type Step } from '../src/plan/plan.js';

const step = (id: string, requires: readonly string[] = [], more: Partial<Step> = {}): Step => ({
  id,
  rank: 0,
  requires,
  host: null,
  shell: null,
  ...more,
});

/** What comes out, in short: `f/shell`, `table(check)`. */
const order = (steps: readonly Step[]): readonly string[] =>
  plan(steps).map(
    ({ id, part, folded }) =>
      `${id}${part === 'whole' ? '' : `/${part}`}${folded.length === 0 ? '' : `(${folded.join()})`}`,
  );

describe('plan', () => {
  test('puts what is needed first, then goes by rank, then by id in code points', () => {
    const steps = [
      step('view', ['table'], { rank: 3 }),
      step('table', ['type'], { rank: 1 }),
      step('type', [], { rank: 2 }),
      step('b', [], { rank: 1 }),
      step('B', [], { rank: 1 }),
    ];
    expect(order(steps)).toEqual(['B', 'b', 'type', 'table', 'view']);
  });

  test('lets a child lie in its host, and needs there what the child needs', () => {
    const steps = [
      step('table'),
      step('check', ['table', 'function'], { host: 'table' }),
      step('function', [], { rank: 9 }),
    ];
    expect(order(steps)).toEqual(['function', 'table(check)']);
  });

  test('takes a child out of its host where both are part of a cycle, and only that child', () => {
    const steps = [
      step('domain'),
      step('check', ['domain', 'function'], { host: 'domain' }),
      step('plain', ['domain'], { host: 'domain' }),
      step('function', ['domain'], { rank: 1 }),
    ];
    expect(order(steps)).toEqual(['domain(plain)', 'function', 'check']);
  });

  test('makes a step in two halves inside of a cycle, and nowhere else', () => {
    const split = { shell: { requires: ['type'], servesRanks: null } };
    const steps = [
      step('type'),
      step('view', ['function'], { rank: 1, ...split }),
      step('function', ['view', 'type'], { rank: 2, ...split }),
      step('other', ['view'], { rank: 1, ...split }),
    ];
    expect(order(steps)).toEqual(['type', 'function/shell', 'view', 'other', 'function/rest']);
  });

  test('names the members of a cycle that nothing can split', () => {
    expect(() => order([step('a', ['b']), step('b', ['c']), step('c', ['a']), step('d', ['a'])])).toThrow(
      expect.objectContaining({ code: 'CYCLE_UNSPLITTABLE', message: expect.stringMatching(/: a, b, c$/) }),
    );
  });

  test('gives the same order however the steps are shuffled', () => {
    fc.assert(
      fc.property(randomSteps(), fc.infiniteStream(fc.nat()), (steps, keys) => {
        const shuffled = steps
          .map((each) => ({
            each: { ...each, requires: [...each.requires].reverse() },
            key: keys.next().value as number,
          }))
          .sort((a, b) => a.key - b.key)
          .map(({ each }) => each);
        expect(order(shuffled)).toEqual(order(steps));
      }),
    );
  });

  test('puts every step after all that it needs', () => {
    fc.assert(
      fc.property(randomSteps(), (steps) => {
        const place = new Map(plan(steps).map(({ id }, at) => [id, at]));
        for (const { id, requires } of steps) {
          for (const need of requires) expect(place.get(need)).toBeLessThan(place.get(id) ?? -1);
        }
      }),
    );
  });

  test('takes time in proportion to its size, and no stack', () => {
    const chain = Array.from({ length: 50_000 }, (_, at) => step(`s${at}`, at === 0 ? [] : [`s${at - 1}`]));
    expect(order(chain)).toHaveLength(50_000);
  });
});

describe('graph', () => {
  test('finds the strongly connected components', () => {
    const graph = new Map([
      ['a', ['b']],
      ['b', ['c']],
      ['c', ['a', 'd']],
      ['d', ['e']],
      ['e', ['d']],
      ['f', ['f']],
    ]);
    const found = components(graph).map((members) => [...members].sort().join(''));
    expect([...found].sort()).toEqual(['abc', 'de', 'f']);
  });

  test('keeps the order of the graph where needs leave a choice', () => {
    const graph = new Map([
      ['d', ['a', 'b']],
      ['a', []],
      ['b', ['c']],
      ['c', []],
      ['e', ['f']],
      ['f', ['e']],
    ]);
    expect(topological(graph)).toEqual(['a', 'c', 'b', 'd']);
  });
});

/** Acyclic steps: each needs only some of those before it. */
function randomSteps(): fc.Arbitrary<readonly Step[]> {
  return fc
    .array(fc.record({ rank: fc.nat(3), needs: fc.array(fc.nat(), { maxLength: 4 }) }), { maxLength: 30 })
    .map((entries) =>
      entries.map(({ rank, needs }, at) =>
        step(`s${at}`, at === 0 ? [] : [...new Set(needs.map((need) => `s${need % at}`))], { rank }),
      ),
    );
}
