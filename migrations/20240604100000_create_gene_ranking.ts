/**
 * The ranking on the front page, kept ready: it took four seconds to sort every gene for every visitor.
 *
 * gene_ranking is refreshed after each pipeline run, CONCURRENTLY, which its unique index makes possible.
 * curation_queue puts the best-ranked genes that nobody has judged yet before the curators.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE FUNCTION confidence_tier(total_score numeric, source_count bigint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE
      WHEN total_score >= 150 AND source_count >= 2 THEN 'high'
      WHEN total_score >= 70 THEN 'moderate'
      WHEN total_score > 0 THEN 'low'
      ELSE 'none'
    END
  `);
  await knex.raw(
    `COMMENT ON FUNCTION confidence_tier(numeric, bigint) IS 'The badge beside a gene; "high" takes more than one source'`,
  );

  await knex.raw(`
    CREATE MATERIALIZED VIEW gene_ranking AS
      SELECT gene_id,
             approved_symbol,
             total_score,
             source_count,
             confidence_tier(total_score, source_count) AS tier,
             rank() OVER (ORDER BY total_score DESC) AS position
      FROM gene_scores
  `);
  await knex.raw(`COMMENT ON MATERIALIZED VIEW gene_ranking IS 'Refreshed after each pipeline run'`);
  await knex.raw('CREATE UNIQUE INDEX gene_ranking_gene_id_unique ON gene_ranking (gene_id)');
  await knex.raw('CREATE INDEX gene_ranking_position_index ON gene_ranking (position, approved_symbol)');

  await knex.raw(`
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
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropView('curation_queue').dropMaterializedView('gene_ranking');
  await knex.raw('DROP FUNCTION confidence_tier(numeric, bigint)');
}
