/**
 * What the first curation meetings taught us, written as rules that the database keeps:
 *
 *   - a curation has an accession that can be cited, from a sequence of its own;
 *   - two reviews of a gene never overlap in time;
 *   - a gene names its current curation, which must be a curation of that gene. The two tables refer to
 *     each other, so that check waits for the end of the transaction.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw('CREATE EXTENSION IF NOT EXISTS btree_gist');
  await knex.raw('CREATE SEQUENCE curation_accession_seq AS integer START WITH 101 MAXVALUE 999999');

  await knex.schema.alterTable('gene_curations', (table) => {
    table
      .string('accession', 16)
      .notNullable()
      .unique()
      .defaultTo(knex.raw(`'CUR-' || lpad(nextval('curation_accession_seq')::text, 6, '0')`))
      .comment('What a paper cites');
    table.specificType('review_period', 'daterange').comment('Days during which the gene is under review');
    table.unique(['gene_id', 'id'], { indexName: 'gene_curations_gene_id_id_unique' });
  });

  await knex.raw('ALTER SEQUENCE curation_accession_seq OWNED BY gene_curations.accession');
  await knex.raw(`
    ALTER TABLE gene_curations
      ADD CONSTRAINT gene_curations_no_overlapping_reviews
      EXCLUDE USING gist (gene_id WITH =, review_period WITH &&)
      WHERE (status <> 'withdrawn')
  `);
  await knex.raw(`
    COMMENT ON CONSTRAINT gene_curations_no_overlapping_reviews ON gene_curations
      IS 'One review of a gene at a time; a withdrawn one is out of the way'
  `);

  await knex.schema.alterTable('genes', (table) => {
    table.integer('current_curation_id').comment('The curation that the public page shows');
    table
      .foreign(['id', 'current_curation_id'], 'genes_current_curation_foreign')
      .references(['gene_id', 'id'])
      .inTable('gene_curations')
      .deferrable('deferred');
    table.index(['current_curation_id'], 'genes_current_curation_index', {
      predicate: knex.whereNotNull('current_curation_id'),
    });
  });

  await knex.raw(`
    CREATE VIEW gene_curation_status AS
      SELECT DISTINCT ON (c.gene_id)
             c.gene_id,
             c.accession,
             c.version,
             c.status,
             c.classification,
             c.id = g.current_curation_id AS is_current,
             curator.full_name AS curator,
             reviewer.full_name AS reviewer,
             lower(c.review_period) AS review_starts,
             c.updated_at
      FROM gene_curations c
      JOIN genes g ON g.id = c.gene_id
      JOIN users curator ON curator.id = c.curator_id
      LEFT JOIN users reviewer ON reviewer.id = c.reviewer_id
      WHERE c.status <> 'withdrawn'
      ORDER BY c.gene_id, c.version DESC
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.dropView('gene_curation_status');

  await knex.schema.alterTable('genes', (table) => {
    table.dropForeign([], 'genes_current_curation_foreign');
    table.dropColumn('current_curation_id');
  });

  await knex.raw('ALTER TABLE gene_curations DROP CONSTRAINT gene_curations_no_overlapping_reviews');
  await knex.schema.alterTable('gene_curations', (table) => {
    table.dropUnique([], 'gene_curations_gene_id_id_unique');
    table.dropColumn('review_period');
    // Takes curation_accession_seq with it, which the column owns.
    table.dropColumn('accession');
  });

  await knex.raw('DROP EXTENSION btree_gist');
}
