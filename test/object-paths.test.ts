import fc from 'fast-check';
import type { CatalogObject } from '../src/catalog/model.js';
import { quoteIdent } from '../src/database/sql.js';
import { withoutFiled } from '../src/objects/excuse.js';
import { pathsOf } from '../src/objects/path.js';
import { inPlace, transactionWord } from '../src/objects/text.js';

function object(kind: string, schema: string, name: string, on = 'public.t'): CatalogObject {
  const qualified = `${quoteIdent(schema)}.${quoteIdent(name)}`;
  const identity = {
    function: `${qualified}(integer, "odd (type".x)`,
    trigger: `${quoteIdent(name)} ON ${on}`,
  }[kind];
  const id = `${kind} ${identity ?? qualified}`;
  const none = { attributes: {}, requires: [], shellRequires: [], host: null };
  return { id, kind, identity: identity ?? qualified, schema, name, ...none };
}

test.each([
  [object('view', 'public', 'gene_scores'), 'public/view/gene_scores.sql'],
  [object('materialized view', 'Odd', 'a/b'), 'Odd/materialized-view/a%2fb.sql'],
  [object('function', 'public', 'f'), 'public/function/f(integer, %22odd (type%22.x).sql'],
  [object('function', 'a.b', 'f(x'), 'a.b/function/f(x(integer, %22odd (type%22.x).sql'],
  [object('trigger', 'public', 'on change', 'public."T.x"'), 'public/trigger/T.x.on change.sql'],
  [object('view', '..', '..'), '%2e%2e/view/%2e%2e.sql'],
  [object('view', 'public', 'CON'), 'public/view/~CON.sql'],
  [object('view', 'public', ''), 'public/view/~.sql'],
])('the file of an object is %s', (each, path) => {
  expect(pathsOf([each]).get(each.id)).toBe(path);
});

test('whatever the names, paths are safe, short and different, on file systems that fold case too', () => {
  const names = fc
    .string({ unit: 'binary', minLength: 1, maxLength: 63 })
    .filter((name) => !name.includes('\0'));
  const strange = fc.constantFrom(
    '..',
    '.',
    'a/../b',
    '/etc/passwd',
    'C:\\x',
    'nul',
    'NUL.txt',
    ' x ',
    'a\nb',
    '%2e',
    '~',
    'A',
    'a',
  );
  const one = fc.tuple(
    fc.constantFrom('view', 'materialized view', 'function', 'trigger'),
    fc.oneof(names, strange),
    fc.oneof(names, strange),
  );
  fc.assert(
    fc.property(fc.array(one, { maxLength: 8 }), (all) => {
      const objects = all.map(([kind, schema, name]) => object(kind, schema, name));
      const paths = pathsOf(objects);
      const folded = new Set([...paths.values()].map((path) => path.toLowerCase()));
      expect(folded.size).toBe(new Set(objects.map(({ id }) => id)).size);
      for (const path of paths.values()) {
        expect(path).toMatch(/^[\x20-\x7e]+\.sql$/);
        const parts = path.split('/');
        expect(parts).toHaveLength(3);
        for (const part of parts) {
          expect(part).not.toMatch(/^\.|[. ]$|[<>:"\\|?*]|^ |^(con|nul|aux|prn)(\.|$)/i);
          expect(part.length).toBeLessThan(190);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('a missing object is excused by its file, whatever its name', () => {
  const all = [
    object('view', 'Odd', 'a "b". ON c'),
    object('function', 'p', 'f'),
    object('trigger', 'S s', 'x ON y', '"S s"."T.t"'),
  ];
  const live = { major: 15, objects: [] };
  const missing = all.map(({ id, kind }) => ({ id, kind, change: 'missing' as const, attributes: [] }));
  expect(withoutFiled(missing, live, new Set(pathsOf(all).values()))).toEqual([]);
  expect(withoutFiled(missing, live, new Set(['x.sql']))).toEqual(missing);
});

test.each([
  ['CREATE VIEW v AS SELECT 1; COMMIT', 'COMMIT'],
  ['begin; CREATE VIEW v AS SELECT 1', 'BEGIN'],
  ['CREATE VIEW v AS SELECT 1;\nEND;', 'END'],
  ["CREATE VIEW v AS SELECT 'a; COMMIT' AS a, E'\\'; COMMIT' AS b -- ; COMMIT", null],
  ['CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN COMMIT; END $f$', null],
  ['CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; END;', null],
])('a text that ends its transaction is known by its words: %s', (text, word) => {
  expect(transactionWord(text)).toBe(word);
});

test.each([
  [
    'view',
    '-- why\n/* and */ create  view v AS SELECT 1',
    '-- why\n/* and */ CREATE OR REPLACE view v AS SELECT 1',
  ],
  ['view', 'CREATE OR REPLACE VIEW v AS SELECT 1', 'CREATE OR REPLACE VIEW v AS SELECT 1'],
  ['materialized view', 'CREATE MATERIALIZED VIEW v AS SELECT 1', null],
  ['view', 'ALTER VIEW v RENAME TO w', null],
])('a definition of a %s can be one that replaces: %s', (kind, text, expected) => {
  expect(inPlace(kind, text)).toBe(expected);
});
