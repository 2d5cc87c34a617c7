import { compareCatalogs } from '../catalog/compare.js';
import type { Catalog } from '../catalog/model.js';
import type { ReportInput } from './markdown.js';
import { type Block, code, type Page, type Section, type Text } from './page.js';
import { rulingWords } from './rulings.js';
import { changeBlocks, objectsSection, pictureSection, timingsSection } from './sections.js';

/** What `report.html` shows beyond REPORT.md. */
export interface SquashPageInput extends ReportInput {
  readonly history: Catalog;
  readonly built: Catalog;
  readonly createdAt: Date;
  /** Milliseconds by stage. */
  readonly stages: readonly (readonly [label: string, milliseconds: number])[];
}

/** The page of a squash. */
export async function squashPage(input: SquashPageInput): Promise<Page> {
  const { metadata, proof, milliseconds } = input;
  const ratio = milliseconds.replay / Math.max(milliseconds.baseline, 1);
  return {
    title: `Squash ${metadata.revision}`,
    lead: [
      `${metadata.replaces.length} migrations became one baseline, `,
      code(input.name),
      `, on PostgreSQL ${metadata.serverMajor}.`,
    ],
    verdict: verdictOf(input),
    facts: [
      { value: `${metadata.replaces.length} → 1`, label: 'migrations' },
      { value: String(proof.objects), label: 'objects proved equal' },
      { value: String(proof.rows), label: 'rows proved equal' },
      { value: `${ratio.toFixed(1)} ×`, label: 'faster to a fresh database' },
    ],
    sections: [
      beforeAndAfter(input),
      ...(await pictureSection(input.objects)),
      objectsSection(input.objects),
      proofSection(input),
      rowsSection(input),
      replayedSection(input),
      timingsSection(input.stages),
      nextSteps(input),
    ],
    footer: `knex-squash ${metadata.toolVersion}, ${input.createdAt.toISOString()}`,
  };
}

function verdictOf({ metadata, trials }: SquashPageInput): Page['verdict'] {
  const missed = trials.filter(({ seen }) => !seen).length;
  if (missed > 0) return { tone: 'warn', text: `Equal, but ${missed} trial changes went unseen` };
  if (metadata.rows.leftOut.length > 0) return { tone: 'warn', text: 'Proved equal, rows left out' };
  return { tone: 'good', text: 'Proved equal' };
}

function beforeAndAfter({ metadata, lines, name, path, archive }: SquashPageInput): Section {
  const total = lines.before.reduce((sum, count) => sum + count, 0);
  return {
    title: 'Before and after',
    blocks: [
      {
        kind: 'table',
        columns: [{ title: '' }, { title: 'before' }, { title: 'after' }],
        rows: [
          ['files', String(metadata.replaces.length), '1'],
          ['lines', String(total), String(lines.after)],
          ['first', [code(metadata.replaces[0]?.name ?? '')], [code(name)]],
          ['last', [code(metadata.replaces.at(-1)?.name ?? '')], ''],
          ['where', [code(`${archive}/migrations`)], [code(path)]],
        ],
      },
    ],
  };
}

function proofSection(input: SquashPageInput): Section {
  const { proof, rows, metadata, history, built } = input;
  const differing = compareCatalogs(history, built);
  const spelt = changeBlocks(differing, history, built, {
    expected: 'as the history built it',
    found: 'as the baseline built it',
  });
  return {
    title: 'The proof',
    blocks: [
      {
        kind: 'text',
        text: `The history was replayed on one empty database, the baseline on another. ${proof.objects} objects, ${proof.rows} rows in ${rows.length} of ${proof.tables} tables and ${proof.sequences} sequences were compared, and no difference was found.`,
      },
      ...stale(proof.staleViews),
      ...tried(input),
      ...(spelt.length === 0
        ? []
        : [
            {
              kind: 'folded' as const,
              title: `${spelt.length} objects that the server prints in other words, and reads as the same`,
              blocks: spelt,
            },
          ]),
      {
        kind: 'table',
        columns: [{ title: 'fingerprint' }, { title: '' }],
        rows: [
          ['catalog of the history', [code(metadata.fingerprints.history)]],
          ['catalog of the baseline', [code(metadata.fingerprints.baseline)]],
          ['rows', [code(metadata.rows.digest)]],
        ],
      },
    ],
  };
}

function stale(views: readonly string[]): readonly Block[] {
  if (views.length === 0) return [];
  return [
    {
      kind: 'text',
      text: [
        "The history left these materialized views behind their tables; the baseline fills them anew, and was compared with the history's after a REFRESH: ",
        ...views.flatMap((view, at) => [...(at === 0 ? [] : [', ']), code(view)]),
        '.',
      ],
    },
  ];
}

/** What was changed on purpose, to see whether the comparison would have noticed. */
function tried({ trials, trialsLeft }: SquashPageInput): readonly Block[] {
  if (trials.length === 0) return [];
  const missed = trials.filter(({ seen }) => !seen);
  const rest =
    trialsLeft === 0 ? '' : ` ${trialsLeft} further changes were not tried, to keep the squash short.`;
  const words = `To test the comparison itself, ${trials.length} objects were removed or altered one by one, each taken back at once. ${trials.length - missed.length} of these changes were found.${rest}`;
  return [
    missed.length === 0 ? { kind: 'text', text: words } : { kind: 'callout', tone: 'bad', text: words },
    {
      kind: 'folded',
      title: `What was tried against it (${trials.length})`,
      blocks: [
        {
          kind: 'table',
          columns: [{ title: 'object' }, { title: 'change' }, { title: 'statement' }, { title: 'found' }],
          rows: trials.map(({ object, what, statement, seen }): readonly Text[] => [
            [code(object)],
            what,
            [code(statement)],
            [seen ? { text: 'found', as: 'good' } : { text: 'missed', as: 'bad' }],
          ]),
        },
      ],
    },
  ];
}

function rowsSection({ rows, metadata }: SquashPageInput): Section {
  const files = new Map(metadata.rows.files.map(({ table, file }) => [table, file]));
  return {
    title: 'Rows',
    blocks: [
      ...(metadata.rows.leftOut.length === 0
        ? []
        : [
            {
              kind: 'callout' as const,
              tone: 'warn' as const,
              text: [
                'Left out, as asked, so a database that is built by the baseline lacks them: ',
                ...metadata.rows.leftOut.map(({ table, rows: count }) => code(`${table} (${count})`)),
              ],
            },
          ]),
      {
        kind: 'table',
        columns: [
          { title: 'table' },
          { title: 'rows', align: 'end' },
          { title: 'digest' },
          { title: 'in the baseline' },
        ],
        rows: rows.map(({ table, rows: count, digest }): readonly Text[] => {
          const file = files.get(table);
          return [
            [code(table.replace(/^table /, ''))],
            String(count),
            [code(digest.slice(0, 12))],
            file === undefined ? 'INSERT' : ['COPY from ', code(file)],
          ];
        }),
      },
      ...volatile(metadata),
    ],
  };
}

function volatile({ volatile: columns }: SquashPageInput['metadata']): readonly Block[] {
  if (columns.length === 0) {
    return [{ kind: 'text', text: 'No value differs each time the history runs.' }];
  }
  return [
    { kind: 'text', text: 'Values that differ each time the history runs:' },
    {
      kind: 'table',
      columns: [{ title: 'column' }, { title: 'in the baseline' }, { title: 'ruled by' }],
      rows: columns.map((column): readonly Text[] => {
        const { how, expressions, note } = rulingWords(column);
        return [
          [code(`${column.table.replace(/^table /, '')}.${column.column}`)],
          [
            how,
            ...expressions.flatMap((text) => ['; ', code(text)]),
            ...(note === null ? [] : [`; ${note}`]),
          ],
          column.bySettings === true ? 'the knexfile' : 'knex-squash',
        ];
      }),
    },
  ];
}

function replayedSection({ metadata, steps }: SquashPageInput): Section {
  const times = new Map(steps.map(({ name, milliseconds }) => [name, milliseconds]));
  return {
    title: 'What was replayed',
    blocks: [
      {
        kind: 'bars',
        unit: 'ms',
        items: metadata.replaces.map(({ name }) => ({ label: [code(name)], value: times.get(name) ?? 0 })),
      },
    ],
  };
}

function nextSteps({ path, archive }: SquashPageInput): Section {
  return {
    title: 'Next steps, and the way back',
    blocks: [
      {
        kind: 'list',
        ordered: true,
        items: [
          ['Read the baseline, ', code(path), '.'],
          ['Commit it together with ', code(archive), ': ', code('git add -A'), '.'],
          [
            'On every other database: ',
            code('npx knex-squash up'),
            '. It adopts one that ran all of the originals, and runs the baseline on an empty one.',
          ],
          ['Back again, files and ledger byte for byte: ', code('npx knex-squash restore migrations'), '.'],
        ],
      },
    ],
  };
}
