/**
 * The spreadsheet is no more.
 *
 *   - where a source came from moves into its metadata, and legacy_import_ref goes;
 *   - every source that came from it counts as reviewed today, for that is what we did;
 *   - accessions continue above CUR-001199, the last one that the spreadsheet gave out;
 *   - source_freshness takes over what its "Status" sheet showed, paused sources included.
 */
import type { Knex } from 'knex';

const LAST_SPREADSHEET_ACCESSION = 1199;

export async function up(knex: Knex): Promise<void> {
  await knex('static_sources')
    .whereNotNull('legacy_import_ref')
    .update({
      metadata: knex.raw(`metadata || jsonb_build_object('imported_from', legacy_import_ref)`),
      last_reviewed_at: knex.fn.now(),
    });

  // The view named the column, so it is made anew; the date of the last review takes its place.
  await knex.schema.dropView('static_source_activity');
  await knex.schema.alterTable('static_sources', (table) => {
    table.dropColumn('legacy_import_ref');
  });
  await knex.schema.createView('static_source_activity', (view) => {
    view.as(
      knex('static_sources as s')
        .leftJoin('static_source_audit as a', 'a.source_id', 's.id')
        .select('s.id as source_id', 's.source_key', 's.display_name', 's.last_reviewed_at')
        .count({ event_count: 'a.id' })
        .select(
          knex.raw(`count(a.id) FILTER (WHERE a.action = 'upload') AS upload_count`),
          knex.raw('max(a.performed_at) AS last_event_at'),
        )
        .groupBy('s.id'),
    );
  });

  await knex.raw(`
    SELECT setval('curation_accession_seq', greatest(last_value, ${LAST_SPREADSHEET_ACCESSION}))
    FROM curation_accession_seq
  `);

  await knex.raw(`
    CREATE VIEW source_freshness AS
      SELECT source_name,
             bool_or(status = 'paused') AS is_paused,
             bool_or(status = 'failed') AS needs_attention,
             min(percent_done) AS percent_done,
             max(completed_at) AS completed_at,
             CASE
               WHEN bool_or(status = 'paused') THEN NULL
               ELSE COALESCE(max(completed_at) < now() - interval '30 days', true)
             END AS is_stale
      FROM data_source_progress
      GROUP BY source_name
  `);
  await knex.raw(
    `COMMENT ON COLUMN source_freshness.is_stale IS 'NULL for a paused source: it is meant to wait'`,
  );
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropView('source_freshness');

  // Back to the last accession in use; those of the spreadsheet were never in this table.
  await knex.raw(`
    SELECT setval('curation_accession_seq', COALESCE(max(right(accession, 6)::integer), 101), count(*) > 0)
    FROM gene_curations
  `);

  await knex.schema.dropView('static_source_activity');
  await knex.schema.alterTable('static_sources', (table) => {
    table.string('legacy_import_ref', 40).comment('Sheet and row in the curation spreadsheet');
  });
  await knex('static_sources')
    .whereRaw(`metadata ->> 'imported_from' IS NOT NULL`)
    .update({
      legacy_import_ref: knex.raw(`metadata ->> 'imported_from'`),
      metadata: knex.raw(`metadata - 'imported_from'`),
      last_reviewed_at: null,
    });
  await knex.schema.createView('static_source_activity', (view) => {
    view.as(
      knex('static_sources as s')
        .leftJoin('static_source_audit as a', 'a.source_id', 's.id')
        .select('s.id as source_id', 's.source_key', 's.display_name', 's.legacy_import_ref')
        .count({ event_count: 'a.id' })
        .select(
          knex.raw(`count(a.id) FILTER (WHERE a.action = 'upload') AS upload_count`),
          knex.raw('max(a.performed_at) AS last_event_at'),
        )
        .groupBy('s.id'),
    );
  });
}
