/**
 * The first schema of the gene curation database.
 *
 * Three groups of tables:
 *
 *   people        users
 *   evidence      genes, gene_evidence, pipeline_runs (automatic sources) and
 *                 static_sources, static_evidence_uploads, static_source_audit (files that people bring)
 *   judgement     gene_curations
 *
 * Keys that leave the database (users, static sources, pipeline runs) are UUIDs; keys that only join
 * tables are serials. Every table that people edit keeps `updated_at` by a trigger, so that no writer,
 * psql included, can forget it.
 */
import type { Knex } from 'knex';

/** Tables whose `updated_at` is kept by the trigger. */
const TOUCHED_TABLES = ['users', 'static_sources', 'genes', 'gene_evidence', 'gene_curations'];

export async function up(knex: Knex): Promise<void> {
  await createDomainAndTriggerFunction(knex);

  await createUsers(knex);
  await createStaticSources(knex);
  await createStaticEvidenceUploads(knex);
  await createStaticSourceAudit(knex);

  await createGenes(knex);
  await createPipelineRuns(knex);
  await createGeneEvidence(knex);
  await createGeneCurations(knex);

  for (const table of TOUCHED_TABLES) {
    await knex.raw(
      `CREATE TRIGGER ${table}_set_updated_at
         BEFORE UPDATE ON ${table}
         FOR EACH ROW EXECUTE FUNCTION set_updated_at()`,
    );
  }
}

export async function down(knex: Knex): Promise<void> {
  await knex.schema
    .dropTable('gene_curations')
    .dropTable('gene_evidence')
    .dropTable('pipeline_runs')
    .dropTable('genes')
    .dropTable('static_source_audit')
    .dropTable('static_evidence_uploads')
    .dropTable('static_sources')
    .dropTable('users');

  await knex.raw('DROP FUNCTION set_updated_at()');
  await knex.raw('DROP DOMAIN hgnc_id');
}

async function createDomainAndTriggerFunction(knex: Knex): Promise<void> {
  await knex.raw(`
    CREATE DOMAIN hgnc_id AS text
      CONSTRAINT hgnc_id_format CHECK (VALUE ~ '^HGNC:[1-9][0-9]{0,5}$')
  `);
  await knex.raw(`COMMENT ON DOMAIN hgnc_id IS 'An identifier of the HUGO Gene Nomenclature Committee'`);

  await knex.raw(`
    CREATE FUNCTION set_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
    BEGIN
      NEW.updated_at := now();
      RETURN NEW;
    END;
    $$
  `);
  await knex.raw(
    `COMMENT ON FUNCTION set_updated_at() IS 'Row trigger: the time of the last change is the database''s to say'`,
  );
}

async function createUsers(knex: Knex): Promise<void> {
  await knex.schema.createTable('users', (table) => {
    table.comment('People who sign in: curators, reviewers and administrators');

    table.uuid('id').primary().defaultTo(knex.fn.uuid());
    table.string('email', 320).notNullable();
    table.string('username', 64).notNullable().unique();
    table.string('full_name').notNullable();
    table
      .string('orcid', 19)
      .unique()
      .checkRegex('^[0-9]{4}-[0-9]{4}-[0-9]{4}-[0-9]{3}[0-9X]$', 'users_orcid_format')
      .comment('Credits the curator in exported assertions');
    table.enu('role', ['viewer', 'curator', 'reviewer', 'admin']).notNullable().defaultTo('viewer');
    table.boolean('is_active').notNullable().defaultTo(true);
    table.text('password_hash').comment('NULL for those who sign in through the institution');
    table
      .jsonb('preferences')
      .notNullable()
      .defaultTo({ theme: 'system', rows_per_page: 25, columns: ['symbol', 'score', 'sources'] });
    table.timestamp('last_login_at');
    table.timestamps(true, true);

    // One account per address, however it is capitalised.
    table.unique([knex.raw('lower(email)')], { indexName: 'users_email_lower_unique', useConstraint: false });
    table.index(['role'], 'users_active_role_index', { predicate: knex.whereRaw('is_active') });
  });
}

async function createStaticSources(knex: Knex): Promise<void> {
  await knex.schema.createTable('static_sources', (table) => {
    table.comment('Evidence that people bring as files: diagnostic panels, reviews, lists from colleagues');

    table.uuid('id').primary().defaultTo(knex.fn.uuid());
    table
      .specificType('source_key', 'text COLLATE "C"')
      .notNullable()
      .unique()
      .checkRegex('^[a-z][a-z0-9_]*$', 'static_sources_source_key_format')
      .comment('Stable name for URLs and exports');
    table.string('display_name').notNullable();
    table
      .string('category', 32)
      .notNullable()
      .checkIn(
        ['diagnostic_panel', 'manual_curation', 'literature_review', 'hybrid'],
        'static_sources_category_check',
      );
    table.text('description');
    table
      .decimal('base_weight', 4, 3)
      .notNullable()
      .defaultTo(0.5)
      .checkBetween([0, 1], 'static_sources_base_weight_range')
      .comment('How much a score from this source counts, 0 to 1');
    table.integer('display_order').notNullable();
    table.text('homepage_url');
    table.string('license', 64).notNullable().defaultTo('unspecified');
    table.jsonb('scoring').notNullable().defaultTo({ method: 'fixed', score: 50 });
    table.jsonb('metadata').notNullable().defaultTo({});
    table.boolean('is_active').notNullable().defaultTo(true);
    table.timestamp('last_reviewed_at');
    table.uuid('created_by').notNullable().references('id').inTable('users').onDelete('RESTRICT');
    table.timestamps(true, true);
    // Last on purpose: it goes as soon as the old spreadsheet is retired.
    table.string('legacy_import_ref', 40).comment('Sheet and row in the curation spreadsheet');

    // Deferrable, so that two sources can swap places within a transaction.
    table.unique(['display_order'], {
      indexName: 'static_sources_display_order_unique',
      deferrable: 'deferred',
    });
    table.unique([knex.raw('lower(display_name)')], {
      indexName: 'static_sources_active_name_unique',
      useConstraint: false,
      predicate: knex.whereRaw('is_active'),
    });
    table.index(['category', 'display_order'], 'static_sources_category_index');
    table.index(['created_by']);
  });
}

async function createStaticEvidenceUploads(knex: Knex): Promise<void> {
  await knex.schema.createTable('static_evidence_uploads', (table) => {
    table.comment('One file brought for a static source; its rows become gene_evidence');

    table.bigIncrements('id');
    table.uuid('source_id').notNullable().references('id').inTable('static_sources').onDelete('CASCADE');
    table.string('evidence_name').notNullable();
    table.string('file_name').notNullable();
    table
      .specificType('file_sha256', 'char(64)')
      .notNullable()
      .checkRegex('^[0-9a-f]{64}$', 'static_evidence_uploads_sha256_format');
    table.bigInteger('file_bytes').notNullable().checkPositive('static_evidence_uploads_file_bytes_positive');
    table
      .string('status', 16)
      .notNullable()
      .defaultTo('pending')
      .checkIn(
        ['pending', 'processing', 'completed', 'failed', 'superseded'],
        'static_evidence_uploads_status_check',
      );
    table
      .string('visibility', 16)
      .notNullable()
      .defaultTo('private')
      .checkIn(['private', 'team', 'public'], 'static_evidence_uploads_visibility_check');
    table.specificType('gene_symbols', 'text[]').notNullable().defaultTo('{}');
    table.specificType('gene_count', 'integer GENERATED ALWAYS AS (cardinality(gene_symbols)) STORED');
    table
      .jsonb('processing_log')
      .notNullable()
      .defaultTo(knex.raw(`'[]'::jsonb`))
      .comment('What the importer met, one object per remark');
    table
      .bigInteger('replaces_id')
      .references('id')
      .inTable('static_evidence_uploads')
      .onDelete('SET NULL')
      .comment('The upload that this one corrects');
    table.timestamp('superseded_at');
    table.uuid('uploaded_by').references('id').inTable('users').onDelete('SET NULL');
    table.timestamp('uploaded_at').notNullable().defaultTo(knex.fn.now());

    table.check(
      `(status = 'superseded') = (superseded_at IS NOT NULL)`,
      [],
      'static_evidence_uploads_superseded_has_time',
    );
    table.check('replaces_id <> id', [], 'static_evidence_uploads_replaces_another');

    // The same file may come back once the first copy is superseded, but not before.
    table.unique(['source_id', 'file_sha256'], {
      indexName: 'static_evidence_uploads_live_file_unique',
      useConstraint: false,
      predicate: knex.whereNull('superseded_at'),
    });
    table.index(['source_id', knex.raw('uploaded_at DESC')], 'static_evidence_uploads_latest_index');
    table.index(['gene_symbols'], 'static_evidence_uploads_gene_symbols_gin', 'GIN');
    table.index(['uploaded_by']);
  });
}

async function createStaticSourceAudit(knex: Knex): Promise<void> {
  await knex.schema.createTable('static_source_audit', (table) => {
    table.comment('Who did what to a static source; rows are only ever added');

    table.specificType('id', 'bigint GENERATED ALWAYS AS IDENTITY').primary();
    table.uuid('source_id').notNullable().references('id').inTable('static_sources').onDelete('CASCADE');
    table.bigInteger('upload_id').references('id').inTable('static_evidence_uploads').onDelete('SET NULL');
    table
      .string('action', 16)
      .notNullable()
      .checkIn(['create', 'update', 'upload', 'supersede', 'retire'], 'static_source_audit_action_check');
    table.jsonb('details').notNullable().defaultTo({});
    table.uuid('performed_by').references('id').inTable('users').onDelete('SET NULL');
    table.timestamp('performed_at').notNullable().defaultTo(knex.fn.now());

    table.index(['source_id', 'performed_at'], 'static_source_audit_source_index');
    // Rows arrive in the order of time, which is all that a BRIN index asks for.
    table.index(['performed_at'], 'static_source_audit_performed_at_brin', 'BRIN');
  });
}

async function createGenes(knex: Knex): Promise<void> {
  await knex.schema.createTable('genes', (table) => {
    table.comment('Every gene that any source has named, under its approved nomenclature');

    table.increments('id');
    table.specificType('hgnc_id', 'hgnc_id').notNullable().unique();
    // Symbols are ASCII codes, not words: they sort by byte, the same on every server.
    table
      .specificType('approved_symbol', 'text COLLATE "C"')
      .notNullable()
      .comment('The symbol to display, as HGNC approves it');
    table.text('approved_name').notNullable();
    table.specificType('alias_symbols', 'text[]').notNullable().defaultTo('{}');
    table.specificType('previous_symbols', 'text[]').notNullable().defaultTo('{}');
    table.string('locus_group', 32).notNullable().defaultTo('protein-coding gene');
    table.string('chromosome', 2);
    table
      .specificType('location', 'int8range')
      .comment('GRCh38, half-open, counted from 1: [start, end + 1)');
    table.string('ensembl_id', 15).checkRegex('^ENSG[0-9]{11}$', 'genes_ensembl_id_format');
    table.integer('ncbi_gene_id').checkPositive('genes_ncbi_gene_id_positive');
    table.specificType('omim_ids', 'integer[]').notNullable().defaultTo('{}');
    table.jsonb('annotations').notNullable().defaultTo({});
    table.boolean('is_withdrawn').notNullable().defaultTo(false);
    table.timestamps(true, true);

    table.check(`chromosome ~ '^([1-9]|1[0-9]|2[0-2]|X|Y|MT)$'`, [], 'genes_chromosome_known');
    table.check('location IS NULL OR chromosome IS NOT NULL', [], 'genes_location_needs_chromosome');
    table.check('NOT isempty(location) AND lower(location) > 0', [], 'genes_location_sensible');

    // Withdrawn genes keep their symbol, which HGNC may have given to another gene since.
    table.unique([knex.raw('upper(approved_symbol)')], {
      indexName: 'genes_current_symbol_unique',
      useConstraint: false,
      predicate: knex.whereRaw('NOT is_withdrawn'),
    });
    table.index(['alias_symbols'], 'genes_alias_symbols_gin', 'GIN');
    table.index(['location'], 'genes_location_gist', 'GIST');
    table.index(['ensembl_id'], 'genes_ensembl_id_index', { predicate: knex.whereNotNull('ensembl_id') });
    table.index(['ncbi_gene_id'], 'genes_ncbi_gene_id_index', {
      predicate: knex.whereNotNull('ncbi_gene_id'),
    });
  });
}

async function createPipelineRuns(knex: Knex): Promise<void> {
  await knex.schema.createTable('pipeline_runs', (table) => {
    table.comment('One attempt to fetch and score an automatic source');

    table.uuid('id').primary().defaultTo(knex.fn.uuid());
    table
      .specificType('run_number', 'integer GENERATED BY DEFAULT AS IDENTITY')
      .notNullable()
      .unique()
      .comment('For people to talk about a run');
    table.string('source', 64).notNullable();
    table
      .string('status', 16)
      .notNullable()
      .defaultTo('running')
      .checkIn(['running', 'completed', 'failed', 'cancelled'], 'pipeline_runs_status_check');
    table.uuid('triggered_by').references('id').inTable('users').onDelete('SET NULL');
    table.timestamp('started_at').notNullable().defaultTo(knex.fn.now());
    table.timestamp('heartbeat_at').notNullable().defaultTo(knex.fn.now());
    table.timestamp('finished_at');
    table.integer('records_seen').notNullable().defaultTo(0);
    table.integer('records_kept').notNullable().defaultTo(0);
    table
      .jsonb('parameters')
      .notNullable()
      .defaultTo({ dry_run: false, batch_size: 500, since: null })
      .comment('Settings of the run, as the scheduler gave them');
    table.text('error_message');

    table.check(
      `(status = 'running') = (finished_at IS NULL)`,
      [],
      'pipeline_runs_finished_when_not_running',
    );
    table.check('finished_at >= started_at', [], 'pipeline_runs_finishes_after_start');
    table.check('records_kept BETWEEN 0 AND records_seen', [], 'pipeline_runs_records_sensible');

    // The scheduler's lock: at most one run of a source at a time.
    table.unique(['source'], {
      indexName: 'pipeline_runs_one_running_per_source',
      useConstraint: false,
      predicate: knex.whereRaw(`status = 'running'`),
    });
    table.index(['source', knex.raw('started_at DESC')], 'pipeline_runs_history_index');
    table.index(['heartbeat_at'], 'pipeline_runs_stalled_index', {
      predicate: knex.whereRaw(`status = 'running'`),
    });
  });
}

async function createGeneEvidence(knex: Knex): Promise<void> {
  await knex.schema.createTable('gene_evidence', (table) => {
    table.comment('What one source says of one gene');

    table.bigIncrements('id');
    table.integer('gene_id').notNullable().references('id').inTable('genes').onDelete('CASCADE');
    table.string('source_name', 64).notNullable();
    table
      .string('source_detail')
      .notNullable()
      .defaultTo('')
      .comment('Panel, disease or file within the source; empty where the source has one record per gene');
    table.uuid('pipeline_run_id').references('id').inTable('pipeline_runs').onDelete('SET NULL');
    table.bigInteger('upload_id').references('id').inTable('static_evidence_uploads').onDelete('CASCADE');
    table
      .decimal('score', 5, 2)
      .checkBetween([0, 100], 'gene_evidence_score_range')
      .comment('Strength of the evidence as the source sees it, 0 to 100');
    table.jsonb('evidence_data').notNullable().defaultTo({});
    table.date('evidence_date');
    table.timestamps(true, true);

    table.unique(['gene_id', 'source_name', 'source_detail'], {
      indexName: 'gene_evidence_gene_source_detail_unique',
    });
    table.check(
      'num_nonnulls(pipeline_run_id, upload_id) <= 1',
      [],
      'gene_evidence_comes_from_run_or_upload',
    );

    table.index(['pipeline_run_id']);
    table.index([knex.raw('evidence_date DESC NULLS LAST')], 'gene_evidence_recent_index');
    table.index([knex.raw('score DESC'), 'gene_id'], 'gene_evidence_score_index', {
      predicate: knex.whereNotNull('score'),
    });
  });

  // The schema builder has no operator classes.
  await knex.raw(`
    CREATE INDEX gene_evidence_data_gin ON gene_evidence USING gin (evidence_data jsonb_path_ops)
  `);
}

async function createGeneCurations(knex: Knex): Promise<void> {
  await knex.schema.createTable('gene_curations', (table) => {
    table.comment('A judgement on a gene, from first draft to approval');

    table.increments('id');
    table.integer('gene_id').notNullable().references('id').inTable('genes').onDelete('CASCADE');
    table.integer('version').notNullable().defaultTo(1).checkPositive('gene_curations_version_positive');
    table.uuid('curator_id').notNullable().references('id').inTable('users').onDelete('RESTRICT');
    table.uuid('reviewer_id').references('id').inTable('users').onDelete('SET NULL');
    table
      .string('status', 16)
      .notNullable()
      .defaultTo('draft')
      .checkIn(['draft', 'in_review', 'approved', 'withdrawn'], 'gene_curations_status_check');
    table
      .string('classification', 24)
      .checkIn(
        ['definitive', 'strong', 'moderate', 'limited', 'disputed', 'refuted'],
        'gene_curations_classification_check',
      )
      .comment('The ClinGen scale');
    table.text('verdict').comment('One paragraph for the public page');
    table.jsonb('evidence_snapshot').notNullable().defaultTo({ sources: [], total: null });
    table.timestamp('submitted_at');
    table.timestamp('approved_at');
    table.timestamps(true, true);

    table.unique(['gene_id', 'version'], { indexName: 'gene_curations_gene_version_unique' });
    table.check('reviewer_id <> curator_id', [], 'gene_curations_four_eyes');
    table.check(
      `(status = 'approved') = (approved_at IS NOT NULL AND classification IS NOT NULL)`,
      [],
      'gene_curations_approval_complete',
    );

    // A curator has one open draft per gene; older versions stay for the record.
    table.unique(['gene_id', 'curator_id'], {
      indexName: 'gene_curations_one_draft_per_curator',
      useConstraint: false,
      predicate: knex.whereRaw(`status = 'draft'`),
    });
    table.index(['status', 'updated_at'], 'gene_curations_status_index');
    table.index(['curator_id']);
    table.index(['reviewer_id'], 'gene_curations_reviewer_index', {
      predicate: knex.whereRaw(`status = 'in_review'`),
    });
  });
}
