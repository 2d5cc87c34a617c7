import { z } from 'zod';
import { SquashError } from '../errors.js';
import { code, heading, table } from '../markdown.js';
import { advice, type Question, type Topic } from './questions.js';
import type { RegistryEntry } from './registry.js';
import type { ViewEntry } from './views.js';

/** What REGISTRY.md is written from, and compared with. */
export interface Registered {
  readonly registry: readonly RegistryEntry[];
  readonly views: readonly ViewEntry[];
  readonly questions: readonly Question[];
}

/** What a registry knows, as it stands at the end of the file. */
const knownSchema = z.strictObject({
  formatVersion: z.literal(1),
  /** Ids of the objects that no schema builder made. */
  objects: z.array(z.string()),
  topics: z.array(z.string()),
});

export type Known = z.infer<typeof knownSchema>;

const opening = '<!-- knex-squash-registry ';
const closing = ' -->';

/** The registry as a document for people, with what a check needs in a comment at its end. */
export function renderRegistry(audited: Registered): string {
  const { registry, views, questions } = audited;
  const whole = registry.filter(({ partOf }) => partOf === null);
  return [
    '# Registry of what the models do not say',
    '',
    'Written by `knex-squash audit`; `knex-squash audit --check` compares it with the migrations.',
    heading('Objects that no schema builder made'),
    ...(whole.length === 0 ? ['None.'] : objectTable(whole, registry)),
    heading('Views, in the order in which they have to be made'),
    ...(views.length === 0 ? ['None.'] : viewTable(views)),
    heading('What a squash has to ask about'),
    ...(questions.length === 0 ? ['Nothing.'] : questionLists(questions)),
    '',
    opening + JSON.stringify(knownOf(audited)).replaceAll('--', '-\\u002d') + closing,
    '',
  ].join('\n');
}

export function knownOf({ registry, questions }: Registered): Known {
  return {
    formatVersion: 1,
    objects: registry.map(({ id }) => id),
    topics: [...new Set(questions.map(({ topic }) => topic))].sort(),
  };
}

/** @throws SquashError REGISTRY_INVALID when the text has no comment of ours, or another. */
export function parseRegistry(text: string, path: string): Known {
  const from = text.lastIndexOf(opening);
  const to = text.indexOf(closing, from);
  try {
    return knownSchema.parse(JSON.parse(text.slice(from + opening.length, to)));
  } catch (cause) {
    throw new SquashError(
      'REGISTRY_INVALID',
      `${path} does not end with what knex-squash audit wrote there`,
      {
        hint: 'Write it anew: npx knex-squash audit.',
        cause,
      },
    );
  }
}

/** What an audit found that the registry doesn't have. */
export interface News {
  /** Kinds of which it has no object that no schema builder made. */
  readonly kinds: readonly string[];
  readonly topics: readonly string[];
  readonly objects: readonly string[];
}

/** Pure. */
export function newsSince(known: Known, audited: Registered): News {
  const objects = new Set(known.objects);
  const fresh = audited.registry.filter(({ id }) => !objects.has(id));
  // An id begins with the name of its kind.
  const hasKind = (kind: string): boolean => known.objects.some((id) => id.startsWith(`${kind} `));
  return {
    kinds: [...new Set(fresh.map(({ kind }) => kind))].filter((kind) => !hasKind(kind)),
    topics: knownOf(audited).topics.filter((topic) => !known.topics.includes(topic)),
    objects: fresh.map(({ id }) => id),
  };
}

function objectTable(whole: readonly RegistryEntry[], registry: readonly RegistryEntry[]): readonly string[] {
  const rows = whole.map(({ id, migration, by, events }) => {
    const parts = registry.filter(({ partOf }) => partOf === id).length;
    const later = events
      .filter(({ event }) => event !== 'created')
      .map(({ event, migration: name }) => `${event} in ${code(name)}`);
    return [
      code(id) + (parts === 0 ? '' : ` with ${parts} ${parts === 1 ? 'part' : 'parts'}`),
      code(events[0]?.migration ?? migration),
      by,
      later.join('<br>') || '—',
    ];
  });
  return table(['object', 'created in', 'by', 'since then'], rows);
}

function viewTable(views: readonly ViewEntry[]): readonly string[] {
  return table(
    ['', 'view', 'level', 'reads', 'made anew in'],
    views.map(({ id, level, reads, recreatedBy }, at) => [
      String(at + 1),
      code(id),
      String(level),
      reads.map(code).join(', ') || '—',
      recreatedBy.map(code).join('<br>') || '—',
    ]),
  );
}

function questionLists(questions: readonly Question[]): readonly string[] {
  const topics = [...new Set(questions.map(({ topic }) => topic))];
  return topics.flatMap((topic: Topic) => [
    `### ${topic[0]?.toUpperCase()}${topic.slice(1)}`,
    '',
    advice[topic],
    '',
    ...questions
      .filter((each) => each.topic === topic)
      .map(
        ({ migration, line, text }) =>
          `- ${code(line === null ? migration : `${migration}:${line}`)} ${code(text)}`,
      ),
    '',
  ]);
}
