/**
 * Scores, computed where the evidence is.
 *
 *   gene_evidence_counts      how much there is, per gene
 *   gene_source_scores        the best weighted score of each source, per gene
 *   gene_scores               their sum, one row for every gene
 *   evidence_source_summary   the same scores seen from the source's side
 *
 * A source's weight is a function and no table: a change of weights is a change of code, with a review.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION evidence_weight(source_name text) RETURNS numeric
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
      SELECT CASE source_name
        WHEN 'ClinGen'  THEN 1.00
        WHEN 'GenCC'    THEN 0.90
        WHEN 'PanelApp' THEN 0.80
        WHEN 'HPO'      THEN 0.60
        WHEN 'PubTator' THEN 0.30
        ELSE 0.50
      END
    $$
  `);
  await knex.raw(
    `COMMENT ON FUNCTION evidence_weight(text) IS 'How much a score from an automatic source counts, 0 to 1'`,
  );

  await knex.raw(`
    CREATE VIEW gene_evidence_counts AS
      SELECT g.id AS gene_id,
             g.approved_symbol,
             count(e.id) AS evidence_count,
             count(DISTINCT e.source_name) AS source_count,
             max(e.evidence_date) AS latest_evidence
      FROM genes g
      LEFT JOIN gene_evidence e ON e.gene_id = g.id AND e.upload_id IS NULL
      GROUP BY g.id
  `);

  await knex.raw(`
    CREATE VIEW gene_source_scores AS
      SELECT e.gene_id,
             e.source_name,
             count(*) AS record_count,
             max(e.score) AS best_score,
             round(max(e.score) * evidence_weight(e.source_name), 2) AS weighted_score
      FROM gene_evidence e
      WHERE e.upload_id IS NULL AND e.score IS NOT NULL
      GROUP BY e.gene_id, e.source_name
  `);

  await knex.raw(`
    CREATE VIEW gene_scores AS
      SELECT g.id AS gene_id,
             g.hgnc_id,
             g.approved_symbol,
             count(s.source_name) AS source_count,
             COALESCE(sum(s.weighted_score), 0) AS total_score
      FROM genes g
      LEFT JOIN gene_source_scores s ON s.gene_id = g.id
      WHERE NOT g.is_withdrawn
      GROUP BY g.id
  `);
  await knex.raw(
    `COMMENT ON VIEW gene_scores IS 'One row per gene in use: the sum over sources of each one''s best weighted score'`,
  );

  await knex.raw(`
    CREATE VIEW evidence_source_summary AS
      SELECT source_name,
             count(*) AS gene_count,
             sum(record_count) AS record_count,
             round(avg(best_score), 1) AS average_score,
             percentile_cont(0.5) WITHIN GROUP (ORDER BY best_score) AS median_score
      FROM gene_source_scores
      GROUP BY source_name
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema
    .dropView('evidence_source_summary')
    .dropView('gene_scores')
    .dropView('gene_source_scores')
    .dropView('gene_evidence_counts');
  await knex.raw('DROP FUNCTION evidence_weight(text)');
}
