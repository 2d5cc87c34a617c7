import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compareCatalogs } from '../src/catalog/compare.js';
import type { Catalog } from '../src/catalog/model.js';
import { readCatalog } from '../src/catalog/read.js';
import { withClient, withSnapshot } from '../src/database/client.js';
import { quoteIdent } from '../src/database/sql.js';
import { comparisonPage } from '../src/report/catalog-pages.js';
import { drawings } from '../src/report/dot.js';
import { renderHtml } from '../src/report/html/document.js';
import { erDiagram } from '../src/report/mermaid.js';
import { drawPictures } from '../src/report/picture.js';
import { squash } from '../src/squash.js';
import { foreignBodies, inBrowser, overflow, testInBrowser } from './support/browser.js';
import { settingsOf, withExample } from './support/example.js';
import { hostile, hostileSchema } from './support/hostile.js';
import { withProject } from './support/project.js';
import { withDatabase } from './support/server.js';

async function catalogOf(sql: string): Promise<Catalog> {
  return withDatabase(async (database) => {
    await withClient(database, (client) => client.query(sql));
    return withSnapshot(database, (client) => readCatalog(client, { ledger: [] }));
  });
}

function pageOf(expected: Catalog, catalog: Catalog) {
  return comparisonPage({
    title: 'Schema',
    lead: 'What was found.',
    verdict: { tone: 'bad', text: 'Differs' },
    facts: [{ value: String(catalog.objects.length), label: 'objects' }],
    sections: [],
    catalog,
    expected,
    differences: compareCatalogs(expected, catalog),
    sides: { expected: 'in the migrations', found: 'in the database' },
    toolVersion: '0',
    createdAt: new Date(0),
  });
}

/** Writes a page into a folder of its own and shows it. */
async function showing<T>(html: string, width: number, fn: Parameters<typeof inBrowser<T>>[2]): Promise<T> {
  return withProject({ 'report.html': html }, (root) => inBrowser(join(root, 'report.html'), { width }, fn));
}

async function squashedReports(root: string): Promise<{ html: string; markdown: string; file: string }> {
  const [stamp = ''] = await readdir(join(root, 'backups'));
  const file = join(root, 'backups', stamp, 'report.html');
  return {
    file,
    html: await readFile(file, 'utf8'),
    markdown: await readFile(join(root, 'backups', stamp, 'REPORT.md'), 'utf8'),
  };
}

testInBrowser(
  'the example’s report can be read at any width, in light and dark, and asks for nothing outside',
  async () => {
    await withExample(async ({ root, settings }) => {
      await squash(settings);
      const { file } = await squashedReports(root);
      for (const look of [
        { width: 390 },
        { width: 1440 },
        { width: 390, scheme: 'dark' },
        { width: 1440, scheme: 'dark' },
      ] as const) {
        await inBrowser(file, look, async ({ page, complaints }) => {
          expect(await overflow(page)).toBe(0);
          expect(await foreignBodies(page)).toEqual([]);
          expect(complaints).toEqual([]);
          const text = await page.textContent('body');
          expect(text).toContain('16 migrations became one baseline');
          expect(text).toContain('Proved equal');
          expect(text).toMatch(/To test the comparison itself, \d+ objects/);
          expect(await page.locator('.picture .node').count()).toBe(20);
          // The picture leads to the name, which its list unfolds for.
          await page.locator('.picture a', { hasText: 'gene_ranking' }).click();
          await page.locator('li:target').waitFor({ state: 'visible' });
          expect(await page.textContent('li:target')).toBe('public.gene_ranking');
          const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
          expect(paper).toBe(look.scheme === 'dark' ? 'rgb(20, 23, 26)' : 'rgb(251, 250, 248)');
          await page.emulateMedia({ media: 'print' });
          expect(await overflow(page)).toBe(0);
        });
      }
    });
  },
);

testInBrowser('what a database calls its objects stays text, in the page and in its picture', async () => {
  const before = await catalogOf(hostileSchema());
  const [schema = '', table = ''] = hostile.map(quoteIdent);
  const after = await catalogOf(
    `${hostileSchema()}; ALTER TABLE ${schema}.${table} ADD ${quoteIdent('<i onclick=alert(6)>')} text`,
  );
  const html = renderHtml(await pageOf(before, after));
  await showing(html, 1440, async ({ page, complaints }) => {
    expect(await foreignBodies(page)).toEqual([]);
    expect(complaints).toEqual([]);
    expect(await page.locator('b, i').count()).toBe(0);
    const pictured = await page.locator('.picture svg').evaluate((svg) => svg.textContent ?? '');
    for (const name of [0, 1, 2, 4].map((at) => hostile[at] ?? '')) expect(pictured).toContain(name);
    const names = await page.locator('.names code').allTextContents();
    expect(names).toContain(`${schema}.${table}`);
    expect(await page.locator('.change .after').first().textContent()).toContain('<i onclick=alert(6)>');
    await page.locator('.picture a').first().hover();
    expect(complaints).toEqual([]);
  });
});

test('a squash of hostile names writes both reports, and the diagram has none of their marks', async () => {
  const files = {
    'migrations/1_all.cjs': `exports.up = (knex) => knex.raw(${JSON.stringify(hostileSchema())}.replaceAll('?', '\\\\?'));
exports.down = () => {};`,
  };
  await withDatabase((database) =>
    withProject(files, async (root) => {
      await squash(await settingsOf(root, database));
      const { html, markdown } = await squashedReports(root);
      expect(html).not.toMatch(/<script|<img|<b>|<!--/);
      const diagram = /```mermaid\n([\s\S]*?)\n```/.exec(markdown)?.[1] ?? '';
      expect(diagram).toMatch(/^erDiagram\n {2}t1\["/);
      expect(diagram).not.toMatch(/[<>&;#`\\%]/);
      expect(diagram.split('\n').filter((line) => line.includes('--o{'))).toHaveLength(1);
    }),
  );
});

test('the diagram names keys, and tells how many rows refer to how many', async () => {
  const { objects } = await catalogOf(`
    CREATE TABLE authors (id int PRIMARY KEY, email varchar(20) NOT NULL UNIQUE);
    CREATE TABLE books (id int PRIMARY KEY, author int NOT NULL REFERENCES authors, editor int REFERENCES authors);
    CREATE TABLE covers (book int PRIMARY KEY REFERENCES books)`);
  expect(erDiagram(objects)).toBe(`\`\`\`mermaid
erDiagram
  t1["public.authors"] {
    integer id PK
    character_varying(20) email UK
  }
  t2["public.books"] {
    integer id PK
    integer author FK
    integer editor FK
  }
  t3["public.covers"] {
    integer book PK, FK
  }
  t1 ||--o{ t2 : "author"
  t1 |o--o{ t2 : "editor"
  t2 ||--o| t3 : "book"
\`\`\``);
});

/** Tables that refer to each other within their schema, one in five to another schema's, and a view on every fourth. */
function manyTables(count: number, schemas: number): string {
  const statements = Array.from({ length: schemas }, (_, at) => `CREATE SCHEMA area_${at}`);
  for (let at = 0; at < count; at++) {
    const own = `area_${at % schemas}.customer_records_${at}`;
    const near =
      at < schemas ? null : `area_${at % schemas}.customer_records_${at - schemas * (1 + (at % 2))}`;
    const parent = near?.includes('_-') === true ? null : near;
    const far = at % 5 === 1 ? `area_${(at - 1) % schemas}.customer_records_${at - 1}` : null;
    statements.push(
      `CREATE TABLE ${own} (id int PRIMARY KEY, parent int${parent === null ? '' : ` REFERENCES ${parent}`}, other int${far === null ? '' : ` REFERENCES ${far}`})`,
    );
    if (at % 4 === 0)
      statements.push(`CREATE VIEW area_${at % schemas}.records_${at} AS SELECT * FROM ${own}`);
  }
  return statements.join(';\n');
}

testInBrowser('a hundred tables can be read in one picture, more in one of each schema', async () => {
  const hundred = await catalogOf(manyTables(96, 1));
  await showing(renderHtml(await pageOf(hundred, hundred)), 1440, async ({ page }) => {
    expect(await page.locator('.picture').count()).toBe(1);
    expect(await page.locator('.picture .node').count()).toBe(120);
    const heights = await page
      .locator('.picture .node text')
      .evaluateAll((texts) => texts.map((text) => text.getBoundingClientRect().height));
    expect(Math.min(...heights)).toBeGreaterThan(9);
    expect(await overflow(page)).toBe(0);
  });
  const many = await catalogOf(manyTables(300, 6));
  await showing(renderHtml(await pageOf(many, many)), 390, async ({ page, complaints }) => {
    expect(await page.locator('.picture').count()).toBe(7);
    expect(complaints).toEqual([]);
    expect(await foreignBodies(page)).toEqual([]);
    await page.evaluate(`for (const each of document.querySelectorAll('details')) each.open = true`);
    expect(await overflow(page)).toBe(0);
  });
});

testInBrowser('differences stand side by side, with the changed words marked', async () => {
  const was = await catalogOf('CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t WHERE b > 1');
  const is = await catalogOf(
    'CREATE TABLE t (a int, b int); CREATE VIEW v AS SELECT a FROM t WHERE b > 2; CREATE SEQUENCE s',
  );
  await showing(renderHtml(await pageOf(was, is)), 1440, async ({ page }) => {
    const [sequence, view] = await page.locator('.change').all();
    expect(await sequence?.locator('.before').textContent()).toContain('not there');
    expect(await sequence?.locator('.after').textContent()).toContain('CREATE SEQUENCE public.s');
    expect(await view?.locator('h3').textContent()).toBe('view public.v changed');
    expect(await view?.locator('.before mark').allTextContents()).toEqual(['1']);
    expect(await view?.locator('.after mark').allTextContents()).toEqual(['2']);
    const [left, right] = await Promise.all(
      ['.before', '.after'].map((side) => view?.locator(side).boundingBox()),
    );
    expect(left?.y).toBe(right?.y);
    expect(right?.x).toBeGreaterThan(left?.x ?? 0);
  });
});

test('a picture of many foreign keys in circles is drawn at once, on which layers would take minutes', async () => {
  const nodes = Array.from({ length: 150 }, (_, at) => ({
    ...{ id: `table public.t${at}`, identity: `public.t${at}`, schema: 'public', name: `t${at}` },
    ...{ kind: 'table' as const, columns: [], partitions: 0 },
  }));
  const links = nodes.flatMap(({ id }, at) =>
    [7, 11, 31, 59, 101].map((step) => ({
      ...{ from: id, to: `table public.t${(at * step + step) % 150}` },
      ...{ kind: 'foreign key' as const, columns: [] },
    })),
  );
  const began = performance.now();
  const [picture] = await drawPictures(drawings({ nodes, links }, new Map()));
  expect(performance.now() - began).toBeLessThan(10_000);
  expect(picture?.kind).toBe('picture');
});
