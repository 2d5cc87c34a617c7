/** Under this key a migration source of ours carries Knex's settings about files, which Knex must not see. */
export const sourceKey: unique symbol = Symbol.for('knex-squash.files') as never;

/** What such a source carries; not yet checked. */
export interface FileSettings {
  readonly directory?: unknown;
  readonly sortDirsSeparately?: unknown;
  readonly loadExtensions?: unknown;
}

/** The settings about files that a migration source carries, if it is one of ours. */
export function fileSettingsOf(source: unknown): FileSettings | null {
  return (Object(source) as { [sourceKey]?: FileSettings })[sourceKey] ?? null;
}
