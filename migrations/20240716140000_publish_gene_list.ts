/**
 * The public API reads the database under a role of its own. It may see one view, and of the uploads only
 * what their owners have made public.
 *
 *   public_gene_list          what anybody may read; security_barrier keeps a clever WHERE from peeking
 *                             at the rows that it filters out
 *   static_evidence_uploads   row-level security: public files for all, private ones for who brought
 *                             them; the application names its user in app.user_id
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE VIEW public_gene_list WITH (security_barrier = true) AS
      SELECT r.approved_symbol,
             g.hgnc_id,
             g.approved_name,
             r.tier,
             c.classification
      FROM gene_ranking r
      JOIN genes g ON g.id = r.gene_id
      LEFT JOIN gene_curations c ON c.id = g.current_curation_id AND c.status = 'approved'
      WHERE r.tier IN ('high', 'moderate')
  `);
  await knex.raw(`COMMENT ON VIEW public_gene_list IS 'What anybody may read; served by the public API'`);
  await knex.raw('GRANT SELECT ON public_gene_list TO PUBLIC');

  await knex.raw('ALTER TABLE static_evidence_uploads ENABLE ROW LEVEL SECURITY');
  await knex.raw(`
    CREATE POLICY uploads_readable ON static_evidence_uploads
      FOR SELECT
      USING (
        visibility = 'public'
        OR uploaded_by = nullif(current_setting('app.user_id', true), '')::uuid
      )
  `);
  await knex.raw(`
    CREATE POLICY uploads_by_owner ON static_evidence_uploads
      FOR INSERT
      WITH CHECK (uploaded_by = nullif(current_setting('app.user_id', true), '')::uuid)
  `);
  await knex.raw(`
    COMMENT ON POLICY uploads_readable ON static_evidence_uploads
      IS 'Public files, and whatever the application''s user has brought'
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP POLICY uploads_by_owner ON static_evidence_uploads');
  await knex.raw('DROP POLICY uploads_readable ON static_evidence_uploads');
  await knex.raw('ALTER TABLE static_evidence_uploads DISABLE ROW LEVEL SECURITY');
  await knex.schema.dropView('public_gene_list');
}
