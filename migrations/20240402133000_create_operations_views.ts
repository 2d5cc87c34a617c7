/**
 * Two views for whoever keeps the machinery running: how each pipeline source has fared, and what has
 * happened to each static source.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.createView('pipeline_run_summary', (view) => {
    view.as(
      knex('pipeline_runs')
        .select('source')
        .count({ run_count: '*' })
        .select(
          knex.raw(`count(*) FILTER (WHERE status = 'failed') AS failed_count`),
          knex.raw('max(started_at) AS last_started_at'),
          knex.raw('avg(finished_at - started_at) AS average_duration'),
        )
        .groupBy('source'),
    );
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

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropView('static_source_activity').dropView('pipeline_run_summary');
}
