/**
 * Evidence from static sources counts.
 *
 * Until now every view left out what came from an upload (`upload_id IS NULL`): the curators first wanted
 * to see that the files were sound. They are. From here on the scores have two halves, the automatic
 * sources weighted by evidence_weight() and the static ones by their own base_weight, and whoever reads
 * them can tell the two apart by source_kind.
 *
 * gene_source_scores gets a column in its middle, which CREATE OR REPLACE cannot do. So all that stands on
 * it comes down, top first, and is built up again; a view whose text stays the same is written here once.
 */
import type { Knex } from 'knex';

const COUNTS_WITH_STATIC = `
  CREATE VIEW gene_evidence_counts AS
    SELECT g.id AS gene_id,
           g.approved_symbol,
           count(e.id) AS evidence_count,
           count(e.id) FILTER (WHERE e.upload_id IS NOT NULL) AS static_evidence_count,
           count(DISTINCT e.source_name) AS source_count,
           max(e.evidence_date) AS latest_evidence
    FROM genes g
    LEFT JOIN gene_evidence e ON e.gene_id = g.id
    GROUP BY g.id
`;

const COUNTS_WITHOUT_STATIC = `
  CREATE VIEW gene_evidence_counts AS
    SELECT g.id AS gene_id,
           g.approved_symbol,
           count(e.id) AS evidence_count,
           count(DISTINCT e.source_name) AS source_count,
           max(e.evidence_date) AS latest_evidence
    FROM genes g
    LEFT JOIN gene_evidence e ON e.gene_id = g.id AND e.upload_id IS NULL
    GROUP BY g.id
`;

const SOURCE_SCORES_WITH_STATIC = `
  CREATE VIEW gene_source_scores AS
    SELECT e.gene_id,
           'pipeline' AS source_kind,
           e.source_name::text AS source_name,
           count(*) AS record_count,
           max(e.score) AS best_score,
           round(max(e.score) * evidence_weight(e.source_name), 2) AS weighted_score
    FROM gene_evidence e
    WHERE e.upload_id IS NULL
    GROUP BY e.gene_id, e.source_name
  UNION ALL
    SELECT e.gene_id,
           'static',
           s.source_key,
           count(*),
           max(e.score),
           round(max(e.score) * s.base_weight, 2)
    FROM gene_evidence e
    JOIN static_evidence_uploads u ON u.id = e.upload_id
    JOIN static_sources s ON s.id = u.source_id
    WHERE s.is_active AND u.superseded_at IS NULL
    GROUP BY e.gene_id, s.id
`;

const SOURCE_SCORES_WITHOUT_STATIC = `
  CREATE VIEW gene_source_scores AS
    SELECT e.gene_id,
           e.source_name,
           count(*) AS record_count,
           max(e.score) AS best_score,
           round(max(e.score) * evidence_weight(e.source_name), 2) AS weighted_score
    FROM gene_evidence e
    WHERE e.upload_id IS NULL AND e.score IS NOT NULL
    GROUP BY e.gene_id, e.source_name
`;

const SCORES_WITH_STATIC = `
  CREATE VIEW gene_scores AS
    SELECT g.id AS gene_id,
           g.hgnc_id,
           g.approved_symbol,
           count(s.source_name) AS source_count,
           count(s.source_name) FILTER (WHERE s.source_kind = 'static') AS static_source_count,
           COALESCE(sum(s.weighted_score), 0) AS total_score
    FROM genes g
    LEFT JOIN gene_source_scores s ON s.gene_id = g.id
    WHERE NOT g.is_withdrawn
    GROUP BY g.id;

  COMMENT ON VIEW gene_scores IS
    'One row per gene in use: the sum over sources, static ones included, of each one''s best weighted score'
`;

const SCORES_WITHOUT_STATIC = `
  CREATE VIEW gene_scores AS
    SELECT g.id AS gene_id,
           g.hgnc_id,
           g.approved_symbol,
           count(s.source_name) AS source_count,
           COALESCE(sum(s.weighted_score), 0) AS total_score
    FROM genes g
    LEFT JOIN gene_source_scores s ON s.gene_id = g.id
    WHERE NOT g.is_withdrawn
    GROUP BY g.id;

  COMMENT ON VIEW gene_scores IS
    'One row per gene in use: the sum over sources of each one''s best weighted score'
`;

const SUMMARY_WITH_STATIC = `
  CREATE VIEW evidence_source_summary AS
    SELECT source_kind,
           source_name,
           count(*) AS gene_count,
           sum(record_count) AS record_count,
           round(avg(best_score), 1) AS average_score,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY best_score) AS median_score
    FROM gene_source_scores
    GROUP BY source_kind, source_name
`;

const SUMMARY_WITHOUT_STATIC = `
  CREATE VIEW evidence_source_summary AS
    SELECT source_name,
           count(*) AS gene_count,
           sum(record_count) AS record_count,
           round(avg(best_score), 1) AS average_score,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY best_score) AS median_score
    FROM gene_source_scores
    GROUP BY source_name
`;

const RANKING = `
  CREATE MATERIALIZED VIEW gene_ranking AS
    SELECT gene_id,
           approved_symbol,
           total_score,
           source_count,
           confidence_tier(total_score, source_count) AS tier,
           rank() OVER (ORDER BY total_score DESC) AS position
    FROM gene_scores;

  COMMENT ON MATERIALIZED VIEW gene_ranking IS 'Refreshed after each pipeline run';
  CREATE UNIQUE INDEX gene_ranking_gene_id_unique ON gene_ranking (gene_id);
  CREATE INDEX gene_ranking_position_index ON gene_ranking (position, approved_symbol)
`;

const QUEUE = `
  CREATE VIEW curation_queue AS
    SELECT r.position,
           r.gene_id,
           r.approved_symbol,
           r.tier,
           COALESCE(c.status, 'open') AS curation_status,
           c.curator,
           c.review_starts
    FROM gene_ranking r
    LEFT JOIN gene_curation_status c ON c.gene_id = r.gene_id
    WHERE r.tier <> 'none' AND c.status IS DISTINCT FROM 'approved'
    ORDER BY r.position, r.approved_symbol
`;

const PUBLIC_LIST = `
  CREATE VIEW public_gene_list WITH (security_barrier = true) AS
    SELECT r.approved_symbol,
           g.hgnc_id,
           g.approved_name,
           r.tier,
           c.classification
    FROM gene_ranking r
    JOIN genes g ON g.id = r.gene_id
    LEFT JOIN gene_curations c ON c.id = g.current_curation_id AND c.status = 'approved'
    WHERE r.tier IN ('high', 'moderate');

  COMMENT ON VIEW public_gene_list IS 'What anybody may read; served by the public API';
  GRANT SELECT ON public_gene_list TO PUBLIC
`;

export async function up(knex: Knex): Promise<void> {
  await knex.schema.alterTable('gene_evidence', (table) => {
    table.index(['upload_id', 'gene_id'], 'gene_evidence_upload_index', {
      predicate: knex.whereNotNull('upload_id'),
    });
  });

  await dropScoreViews(knex);
  await createInOrder(knex, [
    COUNTS_WITH_STATIC,
    SOURCE_SCORES_WITH_STATIC,
    SCORES_WITH_STATIC,
    SUMMARY_WITH_STATIC,
    RANKING,
    QUEUE,
    PUBLIC_LIST,
  ]);
}

export async function down(knex: Knex): Promise<void> {
  await dropScoreViews(knex);
  await createInOrder(knex, [
    COUNTS_WITHOUT_STATIC,
    SOURCE_SCORES_WITHOUT_STATIC,
    SCORES_WITHOUT_STATIC,
    SUMMARY_WITHOUT_STATIC,
    RANKING,
    QUEUE,
    PUBLIC_LIST,
  ]);

  await knex.schema.alterTable('gene_evidence', (table) => {
    table.dropIndex([], 'gene_evidence_upload_index');
  });
}

/** From the top down: nothing is dropped while something stands on it. */
async function dropScoreViews(knex: Knex): Promise<void> {
  await knex.schema
    .dropView('public_gene_list')
    .dropView('curation_queue')
    .dropMaterializedView('gene_ranking')
    .dropView('evidence_source_summary')
    .dropView('gene_scores')
    .dropView('gene_source_scores')
    .dropView('gene_evidence_counts');
}

async function createInOrder(knex: Knex, views: string[]): Promise<void> {
  for (const sql of views) {
    await knex.raw(sql);
  }
}
