import { advice } from './audit/questions.js';
import type { AuditedMigration, AuditResult } from './audit/result.js';
import type { Catalog } from './catalog/model.js';
import { catalogPage } from './report/catalog-pages.js';
import { type Block, code, type Page, type Section, type Text } from './report/page.js';
import { timingsSection } from './report/sections.js';
import { toolVersion } from './version.js';

/** The page of an audit; `catalog` is what the history built. */
export function auditPage(
  audited: Omit<AuditResult, 'report'>,
  catalog: Catalog,
  createdAt: Date,
): Promise<Page> {
  const { migrations, registry, views, questions, serverMajor, file } = audited;
  const asked = `${questions.length} ${questions.length === 1 ? 'thing' : 'things'} to think of before a squash`;
  return catalogPage({
    title: `Audit of ${migrations.length} migrations`,
    lead: [
      `What the history is made of, seen while it was replayed on PostgreSQL ${serverMajor}. The same lists stand in `,
      code(file),
      '.',
    ],
    verdict:
      questions.length === 0
        ? { tone: 'good', text: 'Nothing that a squash has to ask about' }
        : { tone: 'warn', text: asked },
    facts: [
      { value: String(migrations.length), label: 'migrations' },
      { value: String(catalog.objects.length), label: 'objects in the end' },
      { value: String(registry.length), label: 'that no schema builder made' },
      { value: String(views.length), label: 'views' },
    ],
    sections: [
      questionsSection(audited),
      registrySection(audited),
      viewsSection(audited),
      migrationsSection(audited),
      timingsSection(migrations.map(({ name, milliseconds }) => [name, milliseconds])),
    ],
    ...{ catalog, toolVersion, createdAt },
  });
}

function questionsSection({ questions }: Pick<AuditResult, 'questions'>): Section {
  const topics = [...new Set(questions.map(({ topic }) => topic))];
  const blocks = topics.flatMap((topic): readonly Block[] => {
    const own = questions.filter((each) => each.topic === topic);
    return [
      {
        kind: 'text',
        text: [{ text: capital(topic), as: 'strong' }, ` (${own.length}). `, ...withCode(advice[topic])],
      },
      {
        kind: 'list',
        items: own.map(({ migration, line, text }) => [
          code(line === null ? migration : `${migration}:${line}`),
          ' ',
          code(text),
        ]),
      },
    ];
  });
  return {
    title: 'What a squash has to ask about',
    blocks: blocks.length === 0 ? [{ kind: 'callout', tone: 'good', text: 'Nothing.' }] : blocks,
  };
}

function registrySection({ registry }: Pick<AuditResult, 'registry'>): Section {
  const whole = registry.filter(({ partOf }) => partOf === null);
  const rows = whole.map(({ id, migration, by, events }): readonly Text[] => {
    const parts = registry.filter(({ partOf }) => partOf === id).length;
    return [
      parts === 0 ? [code(id)] : [code(id), ` with ${parts} ${parts === 1 ? 'part' : 'parts'}`],
      [code(events[0]?.migration ?? migration)],
      by,
      inOrder(
        events
          .filter(({ event }) => event !== 'created')
          .map(({ event, migration: name }) => [`${event} in `, code(name)]),
      ),
    ];
  });
  return {
    title: 'Objects that no schema builder made',
    blocks: [
      {
        kind: 'text',
        text: 'Neither models nor calls of the schema builder can give these again: the baseline has them from the replay.',
      },
      tableOf(['object', 'created in', 'by', 'since then'], rows),
    ],
  };
}

function viewsSection({ views }: Pick<AuditResult, 'views'>): Section {
  const rows = views.map(({ id, level, reads, dependants, createdBy, recreatedBy }, at): readonly Text[] => [
    String(at + 1),
    [code(id)],
    String(level),
    inOrder(reads.map((name) => [code(name)])),
    inOrder(dependants.map((name) => [code(name)])),
    inOrder([createdBy, ...recreatedBy].map((name) => [code(name)])),
  ]);
  return {
    title: 'Views, in the order in which they have to be made',
    blocks: [tableOf(['place', 'view', 'level', 'reads', 'must go before it', 'made in'], rows)],
  };
}

function migrationsSection({ migrations }: Pick<AuditResult, 'migrations'>): Section {
  return { title: 'What each migration did', blocks: migrations.map(migrationBlock) };
}

function migrationBlock({ name, statements, changes, rows }: AuditedMigration): Block {
  const sent = Object.entries(statements).filter(([, count]) => count > 0);
  const written = rows.reduce((sum, row) => sum + row.written, 0);
  return {
    kind: 'folded',
    title: [code(name), ` ${tellEvents(changes)}${written === 0 ? '' : `, ${written} rows written`}`],
    blocks: [
      {
        kind: 'text',
        text: `Statements: ${sent.map(([maker, count]) => `${count} by ${maker}`).join(', ') || 'none'}.`,
      },
      ...(changes.length === 0
        ? []
        : [
            tableOf(
              ['object', 'what became of it', 'by'],
              changes.map(({ id, event, from, attributes, by }): readonly Text[] => [
                [code(id)],
                [event, ...(from === undefined ? [] : [' from ', code(from)]), whichOf(attributes)],
                by.join(', '),
              ]),
            ),
          ]),
      ...(rows.length === 0
        ? []
        : [
            tableOf(
              ['table', 'rows before', 'after', 'written'],
              rows.map(({ table, before, after, written: own }): readonly Text[] => [
                [code(table.replace(/^table /, ''))],
                ...[before, after, own].map(String),
              ]),
            ),
          ]),
    ],
  };
}

function whichOf(attributes: readonly string[] | undefined): string {
  return attributes === undefined || attributes.length === 0 ? '' : `: ${attributes.join(', ')}`;
}

/** `created 12, altered 1`. */
function tellEvents(changes: AuditedMigration['changes']): string {
  const counts = new Map<string, number>();
  for (const { event } of changes) counts.set(event, (counts.get(event) ?? 0) + 1);
  return [...counts].map(([event, count]) => `${event} ${count}`).join(', ') || 'no object changed';
}

function tableOf(titles: readonly string[], rows: readonly (readonly Text[])[]): Block {
  if (rows.length === 0) return { kind: 'text', text: 'None.' };
  return { kind: 'table', columns: titles.map((title) => ({ title })), rows };
}

/** Parts one after another, a dash where there are none. */
function inOrder(parts: readonly Exclude<Text, string>[]): Text {
  if (parts.length === 0) return '—';
  return parts.flatMap((part, at) => [...(at === 0 ? [] : [', ']), ...part]);
}

/** What stands between backticks is code. */
function withCode(text: string): Exclude<Text, string> {
  return text.split('`').map((part, at) => (at % 2 === 0 ? part : code(part)));
}

function capital(text: string): string {
  return `${text[0]?.toUpperCase() ?? ''}${text.slice(1)}`;
}
