/**
 * pipeline_runs.source becomes source_name, as every other table calls it.
 *
 * The view is made anew rather than left alone: it would go on under the old name, and it also gets the
 * share of the records that were kept, which the pipeline page was computing by itself.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.schema.dropView('pipeline_run_summary');

  await knex.schema.alterTable('pipeline_runs', (table) => {
    table.renameColumn('source', 'source_name');
  });

  await knex.schema.createView('pipeline_run_summary', (view) => {
    view.as(
      knex('pipeline_runs')
        .select('source_name')
        .count({ run_count: '*' })
        .select(
          knex.raw(`count(*) FILTER (WHERE status = 'failed') AS failed_count`),
          knex.raw('round(100.0 * sum(records_kept) / nullif(sum(records_seen), 0), 1) AS percent_kept'),
          knex.raw('max(started_at) AS last_started_at'),
          knex.raw('avg(finished_at - started_at) AS average_duration'),
        )
        .groupBy('source_name'),
    );
  });
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropView('pipeline_run_summary');

  await knex.schema.alterTable('pipeline_runs', (table) => {
    table.renameColumn('source_name', 'source');
  });

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
}
