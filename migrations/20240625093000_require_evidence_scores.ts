/**
 * Every piece of evidence has a score from now on.
 *
 * PubTator's records had none, only a number of publications, and so they counted for nothing. They get
 * one on a logarithmic scale (1 publication → 0, 1000 → 90), and a mark in their data that says where it
 * came from: the way back looks for that mark.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw(`
    UPDATE gene_evidence
    SET score = least(100, round(30 * log(greatest(1, COALESCE((evidence_data ->> 'publications')::numeric, 1))), 2)),
        evidence_data = evidence_data || '{"score_from": "publications"}'
    WHERE score IS NULL
  `);

  await knex.schema.alterTable('gene_evidence', (table) => {
    table.dropIndex([], 'gene_evidence_score_index');
    table.dropNullable('score');
    // No longer partial: there is nothing left to leave out.
    table.index([knex.raw('score DESC'), 'gene_id'], 'gene_evidence_score_index');
  });

  await knex.schema.refreshMaterializedView('gene_ranking', true);
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('gene_evidence', (table) => {
    table.dropIndex([], 'gene_evidence_score_index');
    table.setNullable('score');
    table.index([knex.raw('score DESC'), 'gene_id'], 'gene_evidence_score_index', {
      predicate: knex.whereNotNull('score'),
    });
  });

  await knex.raw(`
    UPDATE gene_evidence
    SET score = NULL, evidence_data = evidence_data - 'score_from'
    WHERE evidence_data ->> 'score_from' = 'publications'
  `);

  await knex.schema.refreshMaterializedView('gene_ranking', true);
}
