/**
 * A source can be paused: PubTator asked us to stay away during its working hours.
 *
 * PostgreSQL forbids the use of a new label in the transaction that adds it, so nothing here uses it.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`ALTER TYPE source_status ADD VALUE 'paused' AFTER 'running'`);
}

/** There is no DROP VALUE: the type is made anew without the label, and a paused source is idle again. */
export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP INDEX data_source_progress_attention_index;
    ALTER TABLE data_source_progress DROP CONSTRAINT data_source_progress_failed_has_error;
    ALTER TABLE data_source_progress ALTER COLUMN status DROP DEFAULT;

    ALTER TYPE source_status RENAME TO source_status_with_paused;
    CREATE TYPE source_status AS ENUM ('idle', 'running', 'completed', 'failed');
    COMMENT ON TYPE source_status IS 'State of one stage of one source, in the order in which the page lists them';

    UPDATE data_source_progress SET status = 'idle' WHERE status = 'paused';
    ALTER TABLE data_source_progress
      ALTER COLUMN status TYPE source_status USING status::text::source_status;
    DROP TYPE source_status_with_paused;

    ALTER TABLE data_source_progress ALTER COLUMN status SET DEFAULT 'idle';
    ALTER TABLE data_source_progress
      ADD CONSTRAINT data_source_progress_failed_has_error CHECK (status <> 'failed' OR last_error IS NOT NULL);
    CREATE INDEX data_source_progress_attention_index
      ON data_source_progress (status, updated_at)
      WHERE status IN ('running', 'failed');
  `);
}
