import { mkdir, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { fromRoot } from './attachments.js';
import { asUnwritable, fileErrorCode, replaceDurably } from './files/durable.js';
import { stampOf } from './files/paths.js';
import { renderHtml } from './report/html/document.js';
import type { Page } from './report/page.js';
import type { Settings } from './settings/settings.js';

const reportName = 'report.html';

/**
 * Writes a page as report.html, for its owner alone: into the folder that is named, where it replaces
 * an earlier one, or with `true` into a new one beside the backups, `20261123T081500Z-audit`, which git
 * passes over.
 *
 * @returns its path relative to the project, with `/`; null where none is wanted.
 * @throws SquashError FILE_UNWRITABLE
 */
export async function writeReport(
  { root, backups }: Pick<Settings, 'root' | 'backups'>,
  about: 'audit' | 'validate',
  place: boolean | string,
  pageAt: (createdAt: Date) => Promise<Page>,
): Promise<string | null> {
  if (place === false) return null;
  const now = new Date();
  const html = renderHtml(await pageAt(now));
  const wanted = typeof place === 'string' ? resolve(root, place) : null;
  try {
    const folder = wanted ?? (await newFolder(backups, `${stampOf(now)}-${about}`));
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await writeInto(folder, html, wanted === null);
    return fromRoot(root, join(folder, reportName));
  } catch (error) {
    throw asUnwritable(error, wanted ?? backups);
  }
}

async function writeInto(folder: string, html: string, isNew: boolean): Promise<void> {
  try {
    if (isNew) await replaceDurably(join(folder, '.gitignore'), '*\n', 0o600);
    await replaceDurably(join(folder, reportName), html, 0o600);
  } catch (error) {
    if (isNew) await rm(folder, { recursive: true, force: true }).catch(() => {});
    throw error;
  }
}

/** Makes the folder of that name, with a number where somebody else has it already. */
async function newFolder(backups: string, name: string): Promise<string> {
  await mkdir(backups, { recursive: true, mode: 0o700 });
  for (let n = 1; ; n++) {
    const folder = join(backups, n === 1 ? name : `${name}-${n}`);
    try {
      await mkdir(folder, { mode: 0o700 });
      return folder;
    } catch (error) {
      if (fileErrorCode(error) !== 'EEXIST') throw error;
    }
  }
}
