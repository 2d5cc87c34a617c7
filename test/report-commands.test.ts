import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listManifests } from '../src/archive/read.js';
import { audit } from '../src/audit.js';
import { withClient } from '../src/database/client.js';
import { quoteIdent } from '../src/database/sql.js';
import { listBackups } from '../src/list-backups.js';
import { up } from '../src/migrate.js';
import { validate } from '../src/validate.js';
import { foreignBodies, inBrowser, overflow, type Shown, testInBrowser } from './support/browser.js';
import { runCli } from './support/cli.js';
import { settingsOf, withExample } from './support/example.js';
import { hostile, hostileSchema } from './support/hostile.js';
import { createsTable, withProject } from './support/project.js';
import { withDatabase } from './support/server.js';

/** A name that a file can bear, with marks in it. */
const hostileFile = `2_"'><img src=x onerror=alert(7)>&lt;.cjs`;

/** Looks at a page on a phone and on a screen, folded and unfolded: nothing foreign, nothing too wide. */
async function lookAt(
  file: string,
  fn: (page: Shown['page'], width: number) => Promise<void>,
): Promise<void> {
  await inBrowser(file, { width: 390 }, async ({ page, complaints }) => {
    for (const width of [390, 1440]) {
      await page.setViewportSize({ width, height: 900 });
      await page.reload();
      expect(await overflow(page)).toBe(0);
      expect(await foreignBodies(page)).toEqual([]);
      await fn(page, width);
      await page.evaluate(`for (const each of document.querySelectorAll('details')) each.open = true`);
      expect(await overflow(page)).toBe(0);
    }
    expect(complaints).toEqual([]);
  });
}

testInBrowser(
  'the audit of the example: views in their order, which migration did what, what to ask',
  async () => {
    await withExample(async ({ root, settings }) => {
      const { report, views, questions } = await audit(settings, { report: true });
      expect(report).toMatch(/^backups\/\d{8}T\d{6}Z-audit\/report\.html$/);
      await lookAt(join(root, report ?? ''), async (page) => {
        expect(await page.textContent('h1')).toBe('Audit of 16 migrations');
        expect(await page.textContent('.verdict')).toBe(
          `${questions.length} things to think of before a squash`,
        );
        const section = (title: string) => page.locator('section', { hasText: title }).first();
        const order = await section('Views, in the order').locator('td[data-title=view]').allTextContents();
        expect(order).toEqual(views.map(({ id }) => id));
        const made = section('Objects that no schema builder made').locator('tbody tr', {
          hasText: 'enum public.source_status',
        });
        expect(await made.textContent()).toContain('altered in 20240507120000_add_paused_source_status.ts');
        await page.locator('summary', { hasText: '20240117141500_add_data_source_progress.ts' }).click();
        const did = page.locator('details[open] tr', { hasText: 'table public.data_source_progress' });
        expect(await did.first().textContent()).toContain('createdraw SQL');
        expect(await page.locator('.picture .node').count()).toBe(20);
        expect(await page.locator('p code', { hasText: /^rows$/ }).count()).toBe(1);
        await page.locator('nav a', { hasText: 'What a squash has to ask about' }).click();
        expect(await page.locator('section:target h2').textContent()).toBe('What a squash has to ask about');
      });
    });
  },
);

testInBrowser('a validation: differences side by side, counts, and views that no longer work', async () => {
  await withExample(async ({ root, settings, database }) => {
    await up(settings);
    const clean = await validate(settings, { report: 'seen' });
    expect(clean.report).toBe('seen/report.html');
    await withClient(database, (client) =>
      client.query(`CREATE TABLE by_hand (a int);
        CREATE FUNCTION late_fault() RETURNS int LANGUAGE sql AS 'SELECT a FROM by_hand';
        CREATE VIEW sums AS SELECT late_fault() AS n; ALTER TABLE by_hand RENAME TO by_foot;
        COMMENT ON TABLE genes IS 'all of them'`),
    );
    const { report, differences } = await validate(settings, { report: true });
    await lookAt(join(root, clean.report ?? ''), async (page) => {
      expect(await page.textContent('.verdict')).toBe('Equal');
      expect(await page.textContent('main')).toContain('All of them work.');
    });
    await lookAt(join(root, report ?? ''), async (page, width) => {
      expect(await page.textContent('.verdict')).toMatch(/^Differs: 4 objects, \d findings$/);
      const titles = await page.locator('.change h3').allTextContents();
      expect(titles).toEqual(differences.map(({ id, change }) => `${id} ${change}`));
      const genes = page.locator('.change', { hasText: 'table public.genes changed' });
      expect(await genes.locator('.after .changed').allTextContents()).toHaveLength(1);
      const [left, right] = await Promise.all(
        ['.before', '.after'].map((side) => genes.locator(side).boundingBox()),
      );
      expect(left?.y === right?.y).toBe(width === 1440);
      const broken = page.locator('section', { hasText: 'Views and functions that no longer work' }).first();
      expect(await broken.locator('td[data-title=of]').allTextContents()).toContain(
        'function public.late_fault()',
      );
      const counts = page.locator('section', { hasText: 'Objects before and after' }).first();
      expect(await counts.locator('tr', { hasText: 'differs' }).count()).toBe(3);
    });
  });
});

testInBrowser('hostile names of objects, files and messages stay text in both pages', async () => {
  const [schema = '', table = ''] = hostile.map(quoteIdent);
  const files = {
    'migrations/1_all.cjs': `exports.up = (knex) => knex.raw(${JSON.stringify(hostileSchema())}.replaceAll('?', '\\\\?'));
exports.down = () => {};`,
    [`migrations/${hostileFile}`]: createsTable(
      't',
      `const never = () => fetch('</code><script>alert(8)</script>');`,
    ),
  };
  await withDatabase((database) =>
    withProject(files, async (root) => {
      const settings = await settingsOf(root, database);
      await up(settings);
      await withClient(database, (client) =>
        client.query(`SET check_function_bodies = off; ALTER TABLE ${schema}.${table} ADD extra text;
          CREATE FUNCTION ${schema}.${table}() RETURNS int LANGUAGE sql AS 'SELECT "<b>alert(9)</b>" FROM t'`),
      );
      const audited = await audit(settings, { report: true });
      const validated = await validate(settings, { report: true });
      await lookAt(join(root, audited.report ?? ''), async (page) => {
        expect(await page.locator('b, i, img, script').count()).toBe(0);
        const text = (await page.textContent('main')) ?? '';
        for (const name of [hostileFile, '</code><script>alert(8)</script>', `${schema}.${table}`]) {
          expect(text).toContain(name);
        }
      });
      await lookAt(join(root, validated.report ?? ''), async (page) => {
        expect(await page.locator('b, i, img, script').count()).toBe(0);
        const text = (await page.textContent('main')) ?? '';
        expect(text).toContain('<b>alert(9)</b>');
      });
    }),
  );
});

test('a report is private, unknown to git, and no backup; --json names it', async () => {
  await withDatabase((database) =>
    withProject({ 'migrations/1_t.cjs': createsTable('t') }, async (root) => {
      const settings = await settingsOf(root, database);
      await up(settings);
      const run = async (...args: string[]) => {
        const { code, stdout, stderr } = await runCli([...args, '--json'], { root, database });
        return {
          code,
          stderr,
          ...(JSON.parse(stdout) as { report: string | null; error?: { code: string } }),
        };
      };
      const [first, second, audited, none] = [
        await run('validate', '--report'),
        await run('validate', '--report'),
        await run('audit'),
        await run('audit', '--no-report'),
      ];
      expect([first.code, audited.code]).toEqual([0, 0]);
      expect(first.report).toMatch(/^backups\/\d{8}T\d{6}Z-validate(-2)?\/report\.html$/);
      expect(second.report).not.toBe(first.report);
      expect([none.report, (await run('validate')).report, (await run('audit', '--dry-run')).report]).toEqual(
        [null, null, null],
      );
      const folders = await readdir(join(root, 'backups'));
      expect(folders).toHaveLength(3);
      for (const folder of folders) {
        const path = join(root, 'backups', folder);
        expect((await readdir(path)).sort()).toEqual(['.gitignore', 'report.html']);
        expect((await stat(path)).mode & 0o777).toBe(0o700);
        expect((await stat(join(path, 'report.html'))).mode & 0o777).toBe(0o600);
        expect(await readFile(join(path, '.gitignore'), 'utf8')).toBe('*\n');
      }
      expect([await listBackups(settings), await listManifests(settings.backups)]).toEqual([[], []]);
      await writeFile(join(root, 'in-the-way'), '');
      const refused = await run('validate', '--report', 'in-the-way');
      expect([refused.code, refused.error?.code]).toEqual([1, 'FILE_UNWRITABLE']);
      expect(await readFile(join(root, 'in-the-way'), 'utf8')).toBe('');
    }),
  );
});
