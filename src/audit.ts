import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromRoot } from './attachments.js';
import { distinct, type Question } from './audit/questions.js';
import { livesOf, registryOf } from './audit/registry.js';
import { newsSince, parseRegistry, renderRegistry } from './audit/registry-file.js';
import type { WatchedReplay } from './audit/replay.js';
import type { AuditResult } from './audit/result.js';
import { viewsOf } from './audit/views.js';
import type { Maker } from './audit/watch.js';
import { auditPage } from './audit-page.js';
import { kinds } from './catalog/kinds/index.js';
import type { CatalogObject } from './catalog/model.js';
import { type Server, withServer } from './database/server.js';
import { withShadow } from './database/shadow.js';
import { SquashError } from './errors.js';
import { replaceDurably } from './files/durable.js';
import { openProject } from './follow/project.js';
import type { Migration } from './history/migration.js';
import { explainMissing } from './history/missing.js';
import type { Settings } from './settings/settings.js';
import { shadowOptions } from './shadows.js';
import { writeReport } from './write-report.js';

export interface AuditOptions {
  readonly onServer?: (server: Server) => void;
  /** Told the name of each migration that was run on a shadow. */
  readonly onReplayed?: (name: string) => void;
  /** Compare with REGISTRY.md instead of writing it. */
  readonly check?: boolean;
  /** Write nothing. */
  readonly dryRun?: boolean;
  /** Write report.html: into a folder beside the backups, or the one that is named. */
  readonly report?: boolean | string;
}

/** The registry's file, in the project's folder. */
export const registryName = 'REGISTRY.md';

/**
 * Replays the history on a shadow and tells what it is made of: all objects by kind, those that no
 * call of Knex's schema builder made, the views in their order, what each migration did, and what a
 * squash has to ask about. The configured database is not read.
 *
 * @throws SquashError HISTORY_EMPTY, MIGRATION_FAILED, SHADOW_UNAVAILABLE, EXTENSION_MISSING,
 *   OBJECT_UNSUPPORTED, REGISTRY_MISSING or REGISTRY_INVALID where it is to be checked.
 */
export async function audit(settings: Settings, options: AuditOptions = {}): Promise<AuditResult> {
  const began = performance.now();
  const { history } = await openProject(settings);
  const path = join(settings.root, registryName);
  const known = options.check === true ? parseRegistry(await readRegistry(path), path) : null;
  return withServer(settings, async (server) => {
    options.onServer?.(server);
    const seen = await replay(server, settings, history, options);
    const replayed = performance.now() - began;
    const { catalog } = seen.built;
    const registered = {
      registry: registryOf(catalog, seen.steps),
      views: viewsOf(catalog, livesOf(seen.steps)),
      questions: await questionsOf(history, seen),
    };
    const isWriter = known === null && options.dryRun !== true;
    if (isWriter) await replaceDurably(path, renderRegistry(registered));
    const result = {
      serverMajor: server.major,
      migrations: seen.steps.map(({ statements, ...step }) => ({ ...step, statements: tally(statements) })),
      kinds: byKind(catalog.objects, registered.registry),
      objects: catalog.objects.map(({ id, kind, requires }) => ({ id, kind, requires })),
      ...registered,
      file: fromRoot(settings.root, path),
      written: isWriter,
      news: known === null ? null : newsSince(known, registered),
      timings: { replay: replayed, total: performance.now() - began },
    };
    const place = isWriter ? (options.report ?? false) : false;
    const report = await writeReport(settings, 'audit', place, (now) => auditPage(result, catalog, now));
    return { ...result, report };
  });
}

async function readRegistry(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new SquashError('REGISTRY_MISSING', `there is no ${path} to compare with`, {
      hint: 'Write it with npx knex-squash audit, read it, and commit it.',
      cause,
    });
  });
}

async function replay(
  server: Server,
  settings: Settings,
  history: readonly Migration[],
  { onReplayed = () => {} }: AuditOptions,
): Promise<WatchedReplay> {
  const { watchReplay } = await import('./audit/replay.js');
  try {
    return await withShadow(server.shadow, await shadowOptions(server, settings, history), (shadow) =>
      watchReplay(shadow, settings, history, onReplayed),
    );
  } catch (error) {
    throw explainMissing(error);
  }
}

async function questionsOf(
  history: readonly Migration[],
  { steps }: WatchedReplay,
): Promise<readonly Question[]> {
  // Two parsers, which no other command needs.
  const [{ readCode }, { readStatements }] = await Promise.all([
    import('./audit/code.js'),
    import('./audit/statements.js'),
  ]);
  const sent = new Map(steps.map(({ name, statements }) => [name, statements]));
  const questions: Question[] = [];
  for (const { name, path } of history) {
    if (path !== null) questions.push(...readCode(name, await readFile(path, 'utf8')));
    questions.push(...(await readStatements(name, sent.get(name) ?? [])));
  }
  return distinct(questions);
}

function tally(statements: readonly { readonly maker: Maker }[]): Readonly<Record<Maker, number>> {
  const counts = { 'schema builder': 0, 'query builder': 0, 'raw SQL': 0, driver: 0 };
  for (const { maker } of statements) counts[maker] += 1;
  return counts;
}

function byKind(objects: readonly CatalogObject[], registry: AuditResult['registry']): AuditResult['kinds'] {
  const count = (list: readonly { readonly kind: string }[], name: string): number =>
    list.filter(({ kind }) => kind === name).length;
  return [...new Set(kinds.map(({ name }) => name))]
    .map((kind) => ({ kind, objects: count(objects, kind), registered: count(registry, kind) }))
    .filter(({ objects: number }) => number > 0);
}
