import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type BrowserContext, chromium, type Page } from 'playwright-core';

const programs = [
  process.env.CHROMIUM_PATH ?? '',
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
];

/** The browser that is installed here (CHROMIUM_PATH names another), or null. */
export const browserPath = programs.find((path) => path !== '' && existsSync(path)) ?? null;

/** Skips where there is no browser, and says so. */
export const testInBrowser = browserPath === null ? skipped : test;

function skipped(name: string): void {
  test.skip(`${name} (skipped: no Chromium here; install it, or set CHROMIUM_PATH)`, () => {});
}

export interface Look {
  readonly width: number;
  readonly scheme?: 'light' | 'dark';
}

/** A file as a browser shows it, and all that went wrong or was asked for meanwhile. */
export interface Shown {
  readonly page: Page;
  /** Errors on the console, exceptions, dialogs, and requests for anything but the file itself. */
  readonly complaints: readonly string[];
}

/** Opens a file in a headless browser of its own, and closes it. */
export async function inBrowser<T>(
  file: string,
  { width, scheme = 'light' }: Look,
  fn: (shown: Shown) => Promise<T>,
): Promise<T> {
  const profile = mkdtempSync(join(tmpdir(), 'knex-squash-browser-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: browserPath ?? '',
    headless: true,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
    viewport: { width, height: 900 },
    colorScheme: scheme,
  });
  try {
    return await fn(await open(context, pathToFileURL(file).href));
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function open(context: BrowserContext, url: string): Promise<Shown> {
  const complaints: string[] = [];
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', async (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    await dialog.dismiss();
  });
  page.on('request', (request) => {
    if (request.url() !== url && !request.url().startsWith('data:')) complaints.push(request.url());
  });
  await page.goto(url);
  return { page, complaints };
}

/** Pixels by which a page is wider than its window. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}

/** Runs within the page, as text: the DOM's types are none of this project's. */
const findForeignBodies = `(() => {
  const found = [];
  for (const element of document.querySelectorAll('*')) {
    if (/^(script|img|iframe|object|embed|form|base|foreignobject)$/i.test(element.localName)) {
      found.push(element.localName);
    }
    for (const { name, value } of element.attributes) {
      if (/^on/i.test(name)) found.push(element.localName + ' ' + name);
      if (!/^(href|xlink:href|src|action)$/.test(name) || value === 'data:,') continue;
      if (!value.startsWith('#') || document.getElementById(value.slice(1)) === null) found.push(value);
    }
  }
  return found;
})()`;

/** Links that lead nowhere, and what a page must not have: scripts, pictures, handlers, outside addresses. */
export async function foreignBodies(page: Page): Promise<readonly string[]> {
  return page.evaluate<readonly string[]>(findForeignBodies);
}
