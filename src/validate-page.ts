import type { Catalog } from './catalog/model.js';
import { comparisonPage } from './report/catalog-pages.js';
import { type Block, code, type Page, type Section, type Text } from './report/page.js';
import { timingsSection } from './report/sections.js';
import type { Finding, ValidateResult } from './validate/result.js';
import { toolVersion } from './version.js';

type Validated = Omit<ValidateResult, 'report'>;

/** The page of a validation: `expected` is what the migrations make, `found` what the database has. */
export function validatePage(
  validated: Validated,
  expected: Catalog,
  found: Catalog,
  createdAt: Date,
): Promise<Page> {
  const { equal, database, differences, findings, trials, migrations, baseline, serverMajor } = validated;
  const broken = findings.filter(({ check }) => check === 'broken');
  const errors = findings.filter(({ severity }) => severity === 'error');
  return comparisonPage({
    title: `Validation of ${database}`,
    lead: [
      `The database held against what its ${migrations.executed} migrations build on PostgreSQL ${serverMajor}`,
      ...(baseline === null ? ['.'] : [', the baseline ', code(baseline.name), ' among them.']),
    ],
    verdict: equal
      ? { tone: 'good', text: 'Equal' }
      : { tone: 'bad', text: `Differs: ${differences.length} objects, ${errors.length} findings` },
    facts: [
      { value: String(found.objects.length), label: 'objects found' },
      { value: String(differences.length), label: 'objects that differ' },
      { value: `${trials.views + trials.functions}`, label: 'views and functions tried' },
      { value: String(broken.length), label: 'of them broken' },
    ],
    sections: [
      trialsSection(validated, broken),
      findingsSection(findings.filter(({ check }) => check !== 'broken')),
      ...excusedSection(validated),
      countsSection(validated),
      migrationsSection(validated),
      timesSection(validated),
    ],
    ...{ catalog: found, expected, differences, toolVersion, createdAt },
    sides: { expected: 'as the migrations make it', found: 'in the database' },
  });
}

function trialsSection({ trials }: Validated, broken: readonly Finding[]): Section {
  const words = `${trials.views} views were planned by the server, ${trials.functions} functions looked at by ${
    trials.plpgsql === 'validator' ? "their language's validator" : 'plpgsql_check'
  }.`;
  return {
    title: 'Views and functions that no longer work',
    blocks: [{ kind: 'text', text: words }, ...findingTable(broken, 'All of them work.')],
  };
}

function findingsSection(findings: readonly Finding[]): Section {
  return { title: 'What else was found', blocks: findingTable(findings, 'Nothing.') };
}

function findingTable(findings: readonly Finding[], none: string): readonly Block[] {
  if (findings.length === 0) return [{ kind: 'callout', tone: 'good', text: none }];
  return [
    {
      kind: 'table',
      columns: [{ title: 'check' }, { title: 'of' }, { title: 'what' }],
      rows: findings.map(({ check, object, severity, message }): readonly Text[] => [
        [{ text: check, as: severity === 'error' ? 'bad' : 'warn' }],
        [code(object)],
        message,
      ]),
    },
  ];
}

function excusedSection({ excused }: Validated): readonly Section[] {
  if (excused.length === 0) return [];
  const rows = excused.map(({ object, check, reason }): readonly Text[] => [[code(object)], check, reason]);
  return [
    {
      title: 'What the settings expect',
      blocks: [{ kind: 'table', columns: [{ title: 'of' }, { title: 'check' }, { title: 'reason' }], rows }],
    },
  ];
}

function countsSection({ counts }: Validated): Section {
  const hasSquashed = counts.some(({ squashed }) => squashed !== null);
  const numbers = [...(hasSquashed ? ['when squashed'] : []), 'expected', 'found'];
  const end = { align: 'end' as const };
  return {
    title: 'Objects before and after',
    blocks: [
      {
        kind: 'table',
        columns: [{ title: 'kind' }, ...numbers.map((title) => ({ title, ...end })), { title: '' }],
        rows: counts.map(({ kind, squashed, expected, found }): readonly Text[] => [
          kind,
          ...(hasSquashed ? [String(squashed ?? '—')] : []),
          String(expected),
          String(found),
          expected === found ? '' : [{ text: 'differs', as: 'bad' }],
        ]),
      },
    ],
  };
}

function migrationsSection({ migrations: { executed, pending }, state }: Validated): Section {
  return {
    title: 'Migrations',
    blocks: [
      { kind: 'text', text: `${executed} ran, ${pending.length} have yet to. The ledger's state: ${state}.` },
      ...(pending.length === 0
        ? []
        : [{ kind: 'list' as const, items: pending.map((name) => [code(name)]) }]),
    ],
  };
}

function timesSection({ timings: { read, compare, total }, replayed }: Validated): Section {
  return timingsSection([
    ['read the database, try its views and functions', read],
    [
      replayed ? 'replay on a shadow, and compare' : 'know from the cache what it should be, and compare',
      compare,
    ],
    ['all the rest', Math.max(0, total - read - compare)],
  ]);
}
