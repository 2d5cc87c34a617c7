import type { ModuleFormat } from '../history/module-format.js';
import type { BaselineMetadata } from './metadata.js';

/** Everything that stands in a baseline's file. */
export interface BaselineParts {
  readonly metadata: BaselineMetadata;
  readonly up: string;
  readonly down: string;
  /** The same without the guard, for KNEX_SQUASH_DROP. */
  readonly dropAll: string;
  readonly format: ModuleFormat;
}

/** Stands before and after the metadata, so that it can be read without running the file. */
export const metadataMarkers = {
  start: '/* knex-squash metadata */ ',
  end: ';\n/* end of metadata */',
} as const;

/** The text of a baseline: a Knex migration that imports nothing at run time. Same parts, same bytes. */
export function renderBaseline({ metadata, up, down, dropAll, format }: BaselineParts): string {
  const { revision, replaces, serverMajor, toolVersion } = metadata;
  const typed = format === 'typescript';
  const exported = (declaration: string): string =>
    format === 'commonjs' ? declaration : `export ${declaration}`;
  const knex = typed ? 'knex: Knex' : 'knex';
  const promise = typed ? ': Promise<void>' : '';
  return `/* eslint-disable */
/**
 * Baseline ${revision}. It stands for ${replaces.length} migrations, from
 * ${replaces[0]?.name ?? ''} to ${replaces.at(-1)?.name ?? ''}.
 * Written by knex-squash ${toolVersion} and proved equal to them on PostgreSQL ${serverMajor}.
 * Don't edit it: put changes into a migration of their own.
 */
${typed ? `import type { Knex } from 'knex';\n` : format === 'commonjs' ? `'use strict';\n` : ''}
${exported('const baseline = ')}${metadataMarkers.start}${JSON.stringify(metadata, null, 2)}${metadataMarkers.end}

const upSql = ${templateLiteral(up)};

const downSql = ${templateLiteral(down)};

const dropSql = ${templateLiteral(dropAll)};

${exported(`async function up(${knex})${promise} {`)}
  await send(knex, upSql);
}

/** Drops what \`up\` made, but only where no table holds a row that \`up\` did not write. */
${exported(`async function down(${knex})${promise} {`)}
  const { rows } = await knex.raw('select current_database() as name');
  await send(knex, process.env.KNEX_SQUASH_DROP === rows[0].name ? dropSql : downSql);
}

/** One round trip, and past knex.raw, which would take each ? for a binding. */
async function send(${knex}${typed ? ', sql: string' : ', sql'})${promise} {
  const connection = await knex.client.acquireConnection();
  try {
    await connection.query(sql);
  } finally {
    await knex.client.releaseConnection(connection);
  }
}
${format === 'commonjs' ? '\nmodule.exports = { baseline, up, down };\n' : ''}`;
}

/** The text as a template literal; a carriage return would be read as a line feed, so it is escaped. */
function templateLiteral(text: string): string {
  const escaped = text
    .replaceAll('\\', '\\\\')
    .replaceAll('`', '\\`')
    .replaceAll('${', '\\${')
    .replaceAll('\r', '\\r');
  return `\`${escaped}\``;
}
