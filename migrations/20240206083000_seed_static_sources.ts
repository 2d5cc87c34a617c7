/**
 * The first user and the static sources that the spreadsheet had, each with the audit row of its making.
 *
 * Keys and times are the database's: nothing here invents a UUID or a date.
 */
import type { Knex } from 'knex';

const FIRST_USER = {
  email: 'first.curator@example.org',
  username: 'first.curator',
  full_name: 'First Curator',
  role: 'admin',
};

const STATIC_SOURCES = [
  {
    source_key: 'diagnostic_panels',
    display_name: 'Diagnostic panels',
    category: 'diagnostic_panel',
    description: 'Gene lists that accredited laboratories publish with their kidney panels.',
    base_weight: 0.8,
    display_order: 1,
    license: 'CC-BY-4.0',
    scoring: { method: 'count', per_panel: 15, maximum: 90 },
    metadata: { laboratories: 9, reviewed: 'quarterly' },
    legacy_import_ref: 'Panels!A2',
  },
  {
    source_key: 'literature_review',
    display_name: 'Literature review',
    category: 'literature_review',
    description: 'Genes named in reviews since 2015, with the PubMed identifiers that support them.',
    base_weight: 0.6,
    display_order: 2,
    legacy_import_ref: 'Reviews!A2',
  },
  {
    source_key: 'spreadsheet_curations',
    display_name: 'Curations from the spreadsheet',
    category: 'manual_curation',
    // The curators' own words, as they stand in the sheet: they hold what a careless import would eat.
    description:
      'Inherited, or de novo? "?" marks an unknown mode; \\? was typed where the export needed one. ' +
      'Files lie in C:\\panels\\2023\\new, columns are split by \\t, and it\'s "AD?" for a likely dominant.',
    base_weight: 0.45,
    display_order: 3,
    license: 'internal',
    legacy_import_ref: 'Curations!A2',
  },
  {
    source_key: 'collaborator_lists',
    display_name: 'Lists from collaborators',
    category: 'hybrid',
    description: null,
    base_weight: 0.5,
    display_order: 4,
    is_active: false,
  },
];

export async function up(knex: Knex): Promise<void> {
  const [user] = await knex('users').insert(FIRST_USER).returning('id');

  for (const source of STATIC_SOURCES) {
    await knex('static_sources').insert({ ...source, created_by: user.id });
  }

  // Each audit row points at its source by the UUID that the database has just given it.
  await knex.raw(`
    INSERT INTO static_source_audit (source_id, action, details, performed_by)
    SELECT id, 'create', jsonb_build_object('from', legacy_import_ref, 'weight', base_weight), created_by
    FROM static_sources
    ORDER BY display_order
  `);
}

export async function down(knex: Knex): Promise<void> {
  const keys = STATIC_SOURCES.map((source) => source.source_key);

  await knex('static_source_audit')
    .whereIn('source_id', knex('static_sources').select('id').whereIn('source_key', keys))
    .delete();
  await knex('static_sources').whereIn('source_key', keys).delete();
  await knex('users').where('username', FIRST_USER.username).delete();
}
