import { readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { expectedCatalogPath, renderExpected } from './adopt/expected.js';
import type { Draft, Timings } from './draft.js';
import { stampOf } from './files/paths.js';
import type { Migration } from './history/migration.js';
import { renderHtml } from './report/html/document.js';
import { renderReport } from './report/markdown.js';
import { squashPage } from './report/squash-page.js';
import type { Settings } from './settings/settings.js';

/** What an archive holds beside the originals: both reports, and the catalog to expect. */
export async function attachmentsOf(
  settings: Settings,
  history: readonly Migration[],
  draft: Draft,
  path: string,
  createdAt: Date,
) {
  const texts = await Promise.all(history.map((migration) => readFile(migration.path ?? '', 'utf8')));
  const lines = (text: string): number => text.split('\n').length - 1;
  const stamp = stampOf(createdAt);
  const input = {
    ...draft,
    path: fromRoot(settings.root, path),
    objects: draft.replays.history.catalog.objects,
    rows: draft.replays.rows.steadyDigests,
    steps: draft.replays.steps,
    lines: { before: texts.map(lines), after: lines(draft.text) },
    milliseconds: draft.timings,
    archive: fromRoot(settings.root, join(settings.backups, stamp)),
    trials: draft.trials.tried,
    trialsLeft: draft.trials.left,
  };
  const page = await squashPage({
    ...input,
    ...{ history: draft.replays.history.catalog, built: draft.built, createdAt },
    stages: stagesOf(draft.timings),
  });
  return [
    { path: 'REPORT.md', contents: renderReport(input) },
    { path: 'report.html', contents: renderHtml(page) },
    { path: expectedCatalogPath, contents: renderExpected(draft.replays.history.catalog, draft.built) },
  ];
}

function stagesOf({ history, render, baseline, proof, trials }: Timings) {
  return [
    ['replay the history twice, and read what it built', history],
    ['plan and write the baseline', render],
    ['build the baseline on an empty database', baseline],
    ['compare catalog, rows and sequences', proof],
    ['change objects on purpose', trials],
  ] as const;
}

/** A path of the project, relative to its root, with `/`. */
export function fromRoot(root: string, path: string): string {
  return relative(root, path).split(sep).join('/');
}
