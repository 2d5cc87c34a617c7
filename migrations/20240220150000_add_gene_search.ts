/**
 * Search for genes: whole words over symbols and names by a generated tsvector, and misspelt or half-typed
 * symbols by trigrams.
 *
 * array_to_string() is only STABLE, for it calls the output functions of any type; over text[] it never
 * changes its mind, and gene_symbol_text() says so, which a generated column asks for.
 */
import type { Knex } from 'knex';

export async function up(knex: Knex): Promise<void> {
  await knex.raw('CREATE EXTENSION IF NOT EXISTS pg_trgm');

  await knex.raw(`
    CREATE FUNCTION gene_symbol_text(symbols text[]) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$ SELECT array_to_string(symbols, ' ') $$
  `);

  await knex.schema.alterTable('genes', (table) => {
    table
      .specificType(
        'search_vector',
        `tsvector GENERATED ALWAYS AS (
           setweight(to_tsvector('simple', approved_symbol), 'A') ||
           setweight(to_tsvector('simple', gene_symbol_text(alias_symbols || previous_symbols)), 'B') ||
           setweight(to_tsvector('english', approved_name), 'C')
         ) STORED`,
      )
      .comment('Symbol before aliases before name');
    table.index(['search_vector'], 'genes_search_vector_gin', 'GIN');
  });

  await knex.raw(`
    CREATE INDEX genes_symbol_trigram_gin ON genes USING gin (lower(approved_symbol) gin_trgm_ops)
  `);
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema.alterTable('genes', (table) => {
    table.dropIndex([], 'genes_symbol_trigram_gin');
    table.dropIndex([], 'genes_search_vector_gin');
    table.dropColumn('search_vector');
  });
  await knex.raw('DROP FUNCTION gene_symbol_text(text[])');
  await knex.raw('DROP EXTENSION pg_trgm');
}
