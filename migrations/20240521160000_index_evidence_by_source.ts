/**
 * The source pages scan gene_evidence by source, and the table has grown to where a plain CREATE INDEX
 * would hold up the pipeline for minutes. CONCURRENTLY lets it write on, and asks for no transaction.
 */
import type { Knex } from 'knex';

export const config = { transaction: false };

export async function up(knex: Knex): Promise<void> {
  // A build that was cut short leaves an invalid index behind under the same name.
  await knex.raw('DROP INDEX CONCURRENTLY IF EXISTS gene_evidence_source_covering_index');
  await knex.raw(`
    CREATE INDEX CONCURRENTLY gene_evidence_source_covering_index
      ON gene_evidence (source_name, gene_id) INCLUDE (score)
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.raw('DROP INDEX CONCURRENTLY gene_evidence_source_covering_index');
}
