import type { Difference } from '../catalog/compare.js';
import type { Catalog } from '../catalog/model.js';
import type { Page, Section } from './page.js';
import { changeBlocks, objectsSection, pictureSection, type SideTitles } from './sections.js';

/** What a page on a catalog is made of: the stage's own words and sections, then the catalog itself. */
export interface CatalogPageInput extends Omit<Page, 'footer'> {
  readonly catalog: Catalog;
  readonly toolVersion: string;
  readonly createdAt: Date;
}

/** A page with what a stage found (`sections`), a picture of tables and views, and all objects: an audit. */
export async function catalogPage({
  catalog,
  toolVersion,
  createdAt,
  ...page
}: CatalogPageInput): Promise<Page> {
  return {
    ...page,
    sections: [...page.sections, ...(await pictureSection(catalog.objects)), objectsSection(catalog.objects)],
    footer: `knex-squash ${toolVersion}, ${createdAt.toISOString()}`,
  };
}

/** What a page on two catalogs is made of; `catalog` is the one that was found. */
export interface ComparisonPageInput extends CatalogPageInput {
  readonly expected: Catalog;
  readonly differences: readonly Difference[];
  readonly sides: SideTitles;
}

/** A page with each differing object side by side, then a stage's own sections, then the catalog. */
export async function comparisonPage({
  expected,
  differences,
  sides,
  ...page
}: ComparisonPageInput): Promise<Page> {
  const changes: Section = {
    title: 'Differences',
    blocks:
      differences.length === 0
        ? [{ kind: 'callout', tone: 'good', text: 'None: every object is as it should be.' }]
        : changeBlocks(differences, expected, page.catalog, sides),
  };
  return catalogPage({ ...page, sections: [changes, ...page.sections] });
}
