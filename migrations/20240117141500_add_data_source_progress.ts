/**
 * Progress of the automatic sources, stage by stage, for the pipeline page.
 *
 * Plain SQL: the table leans on an enum whose order is that of the page, and the schema builder would hide it.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE TYPE source_status AS ENUM ('idle', 'running', 'completed', 'failed');

    COMMENT ON TYPE source_status IS 'State of one stage of one source, in the order in which the page lists them';

    CREATE TABLE data_source_progress (
      source_name     varchar(64)   NOT NULL,
      stage           varchar(32)   NOT NULL,
      status          source_status NOT NULL DEFAULT 'idle',
      items_done      integer       NOT NULL DEFAULT 0,
      items_total     integer,
      percent_done    numeric(5, 2) GENERATED ALWAYS AS (
                        CASE WHEN items_total > 0 THEN round(100.0 * items_done / items_total, 2) END
                      ) STORED,
      last_error      text,
      retry_backoff   interval      NOT NULL DEFAULT '5 minutes',
      started_at      timestamptz,
      completed_at    timestamptz,
      metadata        jsonb         NOT NULL DEFAULT '{"attempts": 0, "warnings": []}',
      created_at      timestamptz   NOT NULL DEFAULT now(),
      updated_at      timestamptz   NOT NULL DEFAULT now(),

      PRIMARY KEY (source_name, stage),
      CONSTRAINT data_source_progress_stage_check CHECK (stage IN ('download', 'parse', 'score')),
      CONSTRAINT data_source_progress_items_check CHECK (items_done >= 0 AND items_done <= items_total),
      CONSTRAINT data_source_progress_failed_has_error CHECK (status <> 'failed' OR last_error IS NOT NULL)
    );

    COMMENT ON TABLE data_source_progress IS 'Where each automatic source stands, one row per stage';
    COMMENT ON COLUMN data_source_progress.items_total IS 'NULL until the source has said how much there is';

    CREATE INDEX data_source_progress_attention_index
      ON data_source_progress (status, updated_at)
      WHERE status IN ('running', 'failed');

    CREATE TRIGGER data_source_progress_set_updated_at
      BEFORE UPDATE ON data_source_progress
      FOR EACH ROW EXECUTE FUNCTION set_updated_at();

    INSERT INTO data_source_progress (source_name, stage)
      SELECT source_name, stage
      FROM unnest(ARRAY['ClinGen', 'GenCC', 'HPO', 'PanelApp', 'PubTator']) AS source_name,
           unnest(ARRAY['download', 'parse', 'score']) AS stage;
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw(`
    DROP TABLE data_source_progress;
    DROP TYPE source_status;
  `);
}
