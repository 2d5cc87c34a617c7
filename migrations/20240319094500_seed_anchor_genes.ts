/**
 * Five genes that nobody doubts, with their evidence and an open curation: the positive controls of every
 * pipeline run. A scoring change that moves one of them down is wrong.
 */
import type { Knex } from 'knex';

const ANCHOR_GENES = [
  {
    hgnc_id: 'HGNC:9008',
    approved_symbol: 'PKD1',
    approved_name: 'polycystin 1, transient receptor potential channel interacting',
    alias_symbols: ['PBP', 'Pc-1', 'TRPP1'],
    chromosome: '16',
    location: '[2088708,2135899)',
    ensembl_id: 'ENSG00000008710',
    ncbi_gene_id: 5310,
    omim_ids: [601313],
  },
  {
    hgnc_id: 'HGNC:9009',
    approved_symbol: 'PKD2',
    approved_name: 'polycystin 2, transient receptor potential cation channel',
    alias_symbols: ['PKD4', 'PC2', 'TRPP2'],
    chromosome: '4',
    location: '[88007635,88077778)',
    ensembl_id: 'ENSG00000118762',
    ncbi_gene_id: 5311,
    omim_ids: [173910],
  },
  {
    hgnc_id: 'HGNC:2207',
    approved_symbol: 'COL4A5',
    approved_name: 'collagen type IV alpha 5 chain',
    previous_symbols: ['ASLN', 'ATS'],
    chromosome: 'X',
    location: '[108439838,108697546)',
    ensembl_id: 'ENSG00000188153',
    ncbi_gene_id: 1287,
    omim_ids: [303630],
  },
  {
    hgnc_id: 'HGNC:16627',
    approved_symbol: 'UMOD',
    approved_name: 'uromodulin',
    alias_symbols: ['FJHN', 'HNFJ', 'MCKD2'],
    chromosome: '16',
    ncbi_gene_id: 7369,
    omim_ids: [191845],
  },
  {
    hgnc_id: 'HGNC:11621',
    approved_symbol: 'HNF1B',
    approved_name: 'HNF1 homeobox B',
    alias_symbols: ['LFB3', 'VHNF1', 'MODY5'],
    previous_symbols: ['TCF2'],
    chromosome: '17',
    ncbi_gene_id: 6928,
    annotations: { syndromes: ['renal cysts and diabetes'], dosage_sensitive: true },
  },
];

const ANCHOR_EVIDENCE = [
  {
    symbol: 'PKD1',
    source: 'ClinGen',
    detail: 'Polycystic kidney disease 1',
    score: 100,
    date: '2023-06-14',
  },
  { symbol: 'PKD1', source: 'PanelApp', detail: 'Cystic kidney disease', score: 95, date: '2024-01-30' },
  { symbol: 'PKD1', source: 'PubTator', detail: '', score: null, date: '2024-02-26', publications: 1832 },
  {
    symbol: 'PKD2',
    source: 'ClinGen',
    detail: 'Polycystic kidney disease 2',
    score: 100,
    date: '2023-06-14',
  },
  { symbol: 'COL4A5', source: 'GenCC', detail: 'X-linked Alport syndrome', score: 92.5, date: '2023-11-02' },
  { symbol: 'COL4A5', source: 'PubTator', detail: '', score: null, date: '2024-02-26', publications: 641 },
  { symbol: 'UMOD', source: 'PanelApp', detail: 'Tubulointerstitial disease', score: 90, date: '2024-01-30' },
  { symbol: 'HNF1B', source: 'HPO', detail: 'HP:0000107', score: 74.25, date: null },
];

const SYMBOLS = ANCHOR_GENES.map((gene) => gene.approved_symbol);

export async function up(knex: Knex): Promise<void> {
  for (const gene of ANCHOR_GENES) {
    await knex('genes').insert(gene);
  }

  for (const { symbol, source, detail, score, date, publications } of ANCHOR_EVIDENCE) {
    await knex('gene_evidence').insert({
      gene_id: knex('genes').select('id').where('approved_symbol', symbol),
      source_name: source,
      source_detail: detail,
      score,
      evidence_date: date,
      evidence_data: publications === undefined ? { anchor: true } : { anchor: true, publications },
    });
  }

  // The gene points at its curation and the curation at its gene.
  await knex.raw(`
    INSERT INTO gene_curations (gene_id, curator_id, review_period)
    SELECT genes.id, users.id, daterange('2024-04-01', '2024-04-15')
    FROM genes CROSS JOIN users
    WHERE users.username = 'first.curator' AND genes.approved_symbol IN ('PKD1', 'PKD2', 'COL4A5')
    ORDER BY genes.id
  `);
  await knex.raw(`
    UPDATE genes SET current_curation_id = gene_curations.id
    FROM gene_curations WHERE gene_curations.gene_id = genes.id
  `);
}

export async function down(knex: Knex): Promise<void> {
  const anchors = knex('genes').select('id').whereIn('approved_symbol', SYMBOLS);

  await knex('genes').whereIn('approved_symbol', SYMBOLS).update({ current_curation_id: null });
  await knex('gene_curations').whereIn('gene_id', anchors).delete();
  await knex('gene_evidence').whereIn('gene_id', anchors).delete();
  await knex('genes').whereIn('approved_symbol', SYMBOLS).delete();
}
