import type { Difference } from '../catalog/compare.js';
import { definitionsOf } from '../catalog/definition.js';
import { canonicalJson } from '../catalog/fingerprint.js';
import { byCodePoint, type Catalog, type CatalogObject } from '../catalog/model.js';
import { drawings } from './dot.js';
import { type Block, code, type Section } from './page.js';
import { drawPictures } from './picture.js';
import { relationsOf } from './relations.js';

/** The anchors at which {@link objectsSection} lists each object, by its id. */
function anchors(objects: readonly CatalogObject[]): ReadonlyMap<string, string> {
  return new Map(objects.map(({ id }, at) => [id, `object-${at + 1}`]));
}

/** A picture of tables and views whose nodes lead to the names in {@link objectsSection}. */
export async function pictureSection(objects: readonly CatalogObject[]): Promise<readonly Section[]> {
  const blocks = await drawPictures(drawings(relationsOf(objects), anchors(objects)));
  return blocks.length === 0 ? [] : [{ title: 'How tables and views depend on each other', blocks }];
}

/** All objects by kind: how many of each, and their names. */
export function objectsSection(objects: readonly CatalogObject[]): Section {
  const keys = anchors(objects);
  const kinds = new Map<string, CatalogObject[]>();
  for (const object of objects) {
    const group = kinds.get(object.kind);
    if (group === undefined) kinds.set(object.kind, [object]);
    else group.push(object);
  }
  const groups = [...kinds].sort(([a], [b]) => byCodePoint(a, b));
  return {
    title: 'Objects',
    blocks: [
      {
        kind: 'bars',
        unit: '',
        items: groups
          .map(([kind, own]) => ({ label: kind, value: own.length }))
          .sort((a, b) => b.value - a.value),
      },
      {
        kind: 'folded',
        title: `All ${objects.length} names`,
        blocks: [
          {
            kind: 'names',
            groups: groups.map(([kind, own]) => ({
              title: kind,
              names: own.map(({ id, identity }) => ({ text: identity, key: keys.get(id) ?? '' })),
            })),
          },
        ],
      },
    ],
  };
}

/** What each side is called: `in the migrations`, `in this database`. */
export interface SideTitles {
  readonly expected: string;
  readonly found: string;
}

/** Objects that differ, each with the statements of both sides next to each other. */
export function changeBlocks(
  differences: readonly Difference[],
  expected: Catalog,
  found: Catalog,
  titles: SideTitles,
): readonly Block[] {
  const before = definitionsOf(expected);
  const after = definitionsOf(found);
  return differences.map((difference) => {
    const { id, change } = difference;
    const [was = null, is = null] = [before.get(id), after.get(id)];
    // What no statement of its own says (a view's place among its columns) is told by name.
    const told = was === is ? attributesOf(difference) : { was, is };
    return {
      kind: 'change',
      title: [code(id), ' ', { text: change, as: change === 'changed' ? 'warn' : 'bad' }],
      before: { title: titles.expected, text: change === 'extra' ? null : told.was },
      after: { title: titles.found, text: change === 'missing' ? null : told.is },
    };
  });
}

function attributesOf({ attributes }: Difference): { readonly was: string; readonly is: string } {
  const side = (which: 'expected' | 'found'): string =>
    attributes.map((each) => `${each.name}: ${canonicalJson(each[which])}\n`).join('');
  return { was: side('expected'), is: side('found') };
}

/** Stages and how long each took, in milliseconds. */
export function timingsSection(items: readonly (readonly [label: string, milliseconds: number])[]): Section {
  return {
    title: 'Where the time went',
    blocks: [{ kind: 'bars', unit: 'ms', items: items.map(([label, value]) => ({ label, value })) }],
  };
}
