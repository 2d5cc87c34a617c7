import type { ModuleFormat } from '../history/module-format.js';
import { copyCode } from './copy-code.js';
import type { BaselineMetadata } from './metadata.js';
import type { UpStep } from './sql-text.js';

/** Everything that stands in a baseline's file. */
export interface BaselineParts {
  readonly metadata: BaselineMetadata;
  readonly up: readonly UpStep[];
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

/** The text of a baseline: a Knex migration that imports no package at run time. Same parts, same bytes. */
export function renderBaseline({ metadata, up, down, dropAll, format }: BaselineParts): string {
  const { revision, replaces, serverMajor, toolVersion } = metadata;
  const typed = format === 'typescript';
  const exported = (declaration: string): string =>
    format === 'commonjs' ? declaration : `export ${declaration}`;
  const knex = typed ? 'knex: Knex' : 'knex';
  const promise = typed ? ': Promise<void>' : '';
  const copies = up.some((step) => typeof step !== 'string') ? copyCode(format) : null;
  return `/* eslint-disable */
/**
 * Baseline ${revision}. It stands for ${replaces.length} migrations, from
 * ${inComment(replaces[0]?.name)} to ${inComment(replaces.at(-1)?.name)}.
 * Written by knex-squash ${toolVersion} and proved equal to them on PostgreSQL ${serverMajor}.
 * Don't edit it: put changes into a migration of their own.
 */
${format === 'commonjs' ? `'use strict';\n` : ''}${copies?.imports ?? ''}${typed ? `import type { Knex } from 'knex';\n` : ''}
${exported('const baseline = ')}${metadataMarkers.start}${JSON.stringify(metadata, null, 2)}${metadataMarkers.end}

${copies === null ? `const upSql = ${templateLiteral(up.join(''))};` : upSteps(up)}

const downSql = ${templateLiteral(down)};

const dropSql = ${templateLiteral(dropAll)};

/** All or nothing, whatever the knexfile says of transactions. */
${exported('const config = { transaction: true };')}

${exported(`async function up(${knex})${promise} {`)}
${copies === null ? '  await send(knex, upSql);' : sendSteps}
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
${copies?.functions ?? ''}${format === 'commonjs' ? '\nmodule.exports = { baseline, config, up, down };\n' : ''}`;
}

const sendSteps = `  for (const step of upSteps) {
    if (typeof step === 'string') await send(knex, step);
    else await copyRows(knex, step);
  }`;

/** Texts, and between them the files whose rows are copied. */
function upSteps(steps: readonly UpStep[]): string {
  const lines = steps.map((step) =>
    typeof step === 'string'
      ? templateLiteral(step)
      : `{\n    copy: ${JSON.stringify(step.copy)},\n    file: '${step.file}',\n    sha256: '${step.sha256}',\n  }`,
  );
  return `const upSteps = [\n  ${lines.join(',\n  ')},\n];`;
}

/** A file's name can't end the comment that it stands in. */
function inComment(name = ''): string {
  return name.replaceAll('*/', '*\\/');
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
