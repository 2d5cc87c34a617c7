import type { BaselineMetadata } from '../baseline/metadata.js';
import type { CatalogObject } from '../catalog/model.js';
import { code, table } from '../markdown.js';
import { erDiagram } from './mermaid.js';
import { rulingWords } from './rulings.js';

/** What REPORT.md is written from. */
export interface ReportInput {
  readonly metadata: BaselineMetadata;
  readonly name: string;
  /** Path of the baseline, relative to the project. */
  readonly path: string;
  readonly objects: readonly CatalogObject[];
  readonly proof: {
    readonly objects: number;
    readonly tables: number;
    readonly rows: number;
    readonly sequences: number;
    readonly staleViews: readonly string[];
  };
  readonly rows: readonly { readonly table: string; readonly rows: number; readonly digest: string }[];
  readonly steps: readonly { readonly name: string; readonly milliseconds: number }[];
  /** Lines of each replaced file, in order, and of the baseline. */
  readonly lines: { readonly before: readonly number[]; readonly after: number };
  readonly milliseconds: { readonly replay: number; readonly baseline: number };
  /** The archive's folder, relative to the project. */
  readonly archive: string;
  /** Changes that were made on purpose, and whether the comparison found each. */
  readonly trials: readonly {
    readonly kind: string;
    readonly object: string;
    readonly what: string;
    readonly statement: string;
    readonly seen: boolean;
  }[];
  /** How many more there would have been. */
  readonly trialsLeft: number;
}

/** The report that lies in the archive: what a team asks after a squash. */
export function renderReport(input: ReportInput): string {
  return [
    `# Squash ${input.metadata.revision}`,
    section('Before and after', beforeAndAfter(input)),
    section('Objects', objectsByKind(input.objects)),
    ...diagram(input.objects),
    section('What was replayed', replayed(input)),
    section('The proof', proof(input)),
    ...leftOut(input.metadata),
    section('Values that differ each time the history runs', volatile(input.metadata)),
    ...unstable(input.metadata),
    section('Time of a fresh database', times(input)),
    section('Where the originals are', [
      `In \`${input.archive}/migrations\`, each with its sha256 in \`manifest.json\`. Keep the folder in git and in your deployments: a database that has run only a part of them is caught up from there.`,
    ]),
    section('How to go back', [
      'Files, and the ledger of the configured database: `npx knex-squash restore migrations`.',
      'The database itself was not changed beyond its ledger.',
    ]),
    section('Next steps', nextSteps(input)),
  ].join('\n');
}

function section(title: string, lines: readonly string[]): string {
  return `\n## ${title}\n\n${lines.join('\n')}\n`;
}

function beforeAndAfter({ metadata, lines, name, path }: ReportInput): readonly string[] {
  const total = lines.before.reduce((sum, count) => sum + count, 0);
  return table(
    ['', 'before', 'after'],
    [
      ['files', String(metadata.replaces.length), '1'],
      ['lines', String(total), String(lines.after)],
      ['first', code(metadata.replaces[0]?.name ?? ''), code(name)],
      ['last', code(metadata.replaces.at(-1)?.name ?? ''), code(path)],
    ],
  );
}

function objectsByKind(objects: readonly CatalogObject[]): readonly string[] {
  const kinds = new Map<string, string[]>();
  for (const { kind, identity } of objects) kinds.set(kind, [...(kinds.get(kind) ?? []), identity]);
  return table(
    ['kind', 'number', 'names'],
    [...kinds]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([kind, names]) => [kind, String(names.length), names.map(code).join(', ')]),
  );
}

function diagram(objects: readonly CatalogObject[]): readonly string[] {
  const drawn = erDiagram(objects);
  return drawn === null ? [] : [section('Tables and their foreign keys', [drawn])];
}

function replayed({ metadata, steps, lines }: ReportInput): readonly string[] {
  const times = new Map(steps.map(({ name, milliseconds }) => [name, milliseconds]));
  return table(
    ['migration', 'lines', 'ms', 'sha256'],
    metadata.replaces.map(({ name, sha256 }, at) => [
      code(name),
      String(lines.before[at] ?? ''),
      (times.get(name) ?? 0).toFixed(0),
      code(sha256.slice(0, 12)),
    ]),
  );
}

function proof(input: ReportInput): readonly string[] {
  const { proof: proved, rows, metadata } = input;
  const files = new Map(metadata.rows.files.map(({ table: name, file }) => [name, file]));
  return [
    `The history was replayed on one empty database of PostgreSQL ${metadata.serverMajor}, the baseline on another: ${proved.objects} objects, ${proved.rows} rows in ${rows.length} of ${proved.tables} tables and ${proved.sequences} sequences were compared, and no difference was found.`,
    ...(proved.staleViews.length === 0
      ? []
      : [
          '',
          `The history left these materialized views behind their tables; the baseline fills them anew, and was compared with the history's after a REFRESH: ${proved.staleViews.map(code).join(', ')}.`,
        ]),
    ...tried(input),
    '',
    ...table(
      ['table', 'rows', 'digest', 'in the baseline'],
      rows.map(({ table: name, rows: count, digest }) => {
        const file = files.get(name);
        return [
          code(name),
          String(count),
          code(digest.slice(0, 12)),
          file === undefined ? 'INSERT' : `COPY from ${code(file)}`,
        ];
      }),
    ),
    ...(files.size === 0
      ? []
      : [
          '',
          'Rows in so great a number are data rather than schema: a seed of your own may be a better place for them.',
        ]),
  ];
}

function tried({ trials, trialsLeft }: ReportInput): readonly string[] {
  if (trials.length === 0) return [];
  const missed = trials.filter(({ seen }) => !seen).map(({ object, what }) => `${code(object)} (${what})`);
  return [
    '',
    `To test the comparison itself, ${trials.length} objects were removed or altered one by one, each taken back at once: ${trials.length - missed.length} of these changes were found.${trialsLeft === 0 ? '' : ` ${trialsLeft} further ones were not tried, to keep the squash short.`}${missed.length === 0 ? '' : ` **Missed: ${missed.join(', ')}.**`}`,
  ];
}

function leftOut({ rows }: BaselineMetadata): readonly string[] {
  if (rows.leftOut.length === 0) return [];
  const sum = rows.leftOut.reduce((total, { rows: count }) => total + count, 0);
  return [
    section('ROWS LEFT OUT', [
      `**${sum} rows of ${rows.leftOut.length} tables are not in the baseline, as \`--rows\` asked: a database that is built by it lacks them.** Materialized views were not compared.`,
      '',
      ...table(
        ['table', 'rows left out'],
        rows.leftOut.map(({ table: name, rows: count }) => [code(name), String(count)]),
      ),
    ]),
  ];
}

function volatile({ volatile: columns }: BaselineMetadata): readonly string[] {
  if (columns.length === 0) return ['None: two replays gave the same rows.'];
  return table(
    ['table', 'column', 'in the baseline', 'ruled by'],
    columns.map((each) => {
      const { how, expressions, note } = rulingWords(each);
      return [
        code(each.table),
        code(each.column),
        [how, ...expressions.map(code), ...(note === null ? [] : [note])].join('; '),
        each.bySettings === true ? 'the knexfile' : 'knex-squash',
      ];
    }),
  );
}

function unstable({ unstable: objects }: BaselineMetadata): readonly string[] {
  if (objects.length === 0) return [];
  return [
    section('Objects that differ each time the history runs', [
      'The knexfile rules that they stay as the first replay built them; other databases have others:',
      '',
      ...objects.map((id) => `- ${code(id)}`),
    ]),
  ];
}

function times({ milliseconds }: ReportInput): readonly string[] {
  const { replay, baseline } = milliseconds;
  return table(
    ['', 'ms'],
    [
      ['all migrations, one after the other', replay.toFixed(0)],
      ['the baseline', baseline.toFixed(0)],
      ['ratio', (replay / Math.max(baseline, 1)).toFixed(1)],
    ],
  );
}

function nextSteps({ archive, path }: ReportInput): readonly string[] {
  return [
    `1. Read the baseline, \`${path}\`, and this report.`,
    `2. Commit both together with \`${archive}\`: \`git add -A\`.`,
    '3. On every other database: `npx knex-squash up`. It adopts one that ran all of the originals, and runs the baseline on an empty one.',
    "4. A colleague's migration that isn't merged yet needs nothing: it sorts after the baseline.",
  ];
}
