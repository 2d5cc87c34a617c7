import { type BaselineMetadata, decideState } from '../src/history/state.js';

const named = (names: string) => (names === '' ? [] : names.split(' ')).map((name) => ({ name }));

const baseline: BaselineMetadata = {
  name: 'base',
  revision: '0123456789ab',
  replaces: [
    { name: '1', sha256: '' },
    { name: '2', sha256: '' },
  ],
};

/** ledger (null: no table), files, and what is decided; `3` and `4` come after the baseline. */
describe('with a baseline in the place of 1 and 2', () => {
  test.each([
    [null, 'base', false, { kind: 'fresh', pending: ['base'] }],
    ['', 'base 3', false, { kind: 'fresh', pending: ['base', '3'] }],
    [null, 'base', true, { kind: 'foreign' }],
    ['', 'base', true, { kind: 'foreign' }],
    ['1 2', 'base 3', true, { kind: 'full', pending: ['3'] }],
    ['1 2', 'base 3', false, { kind: 'full', pending: ['3'] }],
    ['1 2 3', 'base 3 4', true, { kind: 'ahead', later: ['3'], pending: ['4'] }],
    ['1', 'base 3', true, { kind: 'partial', applied: ['1'], missing: ['2'], later: [] }],
    ['2 3', 'base 3', true, { kind: 'partial', applied: ['2'], missing: ['1'], later: ['3'] }],
    ['3', 'base 3', true, { kind: 'foreign' }],
    ['base', 'base 3', true, { kind: 'adopted', pending: ['3'] }],
    ['base 3', 'base 3', true, { kind: 'adopted', pending: [] }],
    ['base', 'base', false, { kind: 'adopted', pending: [] }],
    ['base 2', 'base', true, { kind: 'ghosts', ghosts: ['2'] }],
    ['1 2 x y', 'base', true, { kind: 'ghosts', ghosts: ['x', 'y'] }],
    ['x', 'base', false, { kind: 'ghosts', ghosts: ['x'] }],
    ['base x', 'base', true, { kind: 'ghosts', ghosts: ['x'] }],
  ])('ledger %j, files %j, objects %j: %j', (ledger, files, hasUserObjects, state) => {
    const facts = {
      ledger: ledger === null ? null : named(ledger),
      files: named(files),
      baseline,
      hasUserObjects,
    };
    expect(decideState(facts)).toEqual(state);
  });
});

describe('without a baseline', () => {
  test.each([
    [null, '1 2', false, { kind: 'fresh', pending: ['1', '2'] }],
    [null, '1 2', true, { kind: 'foreign' }],
    ['1 2', '1 2', true, { kind: 'full', pending: [] }],
    ['2', '1 2 3', true, { kind: 'partial', applied: ['2'], missing: ['1', '3'], later: [] }],
    ['1 base', '1', true, { kind: 'ghosts', ghosts: ['base'] }],
  ])('ledger %j, files %j, objects %j: %j', (ledger, files, hasUserObjects, state) => {
    const facts = {
      ledger: ledger === null ? null : named(ledger),
      files: named(files),
      baseline: null,
      hasUserObjects,
    };
    expect(decideState(facts)).toEqual(state);
  });
});
