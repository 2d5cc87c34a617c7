import type { CatalogObject } from '../catalog/model.js';
import type { MadeChange } from './changes.js';
import type { Question } from './questions.js';
import type { RegistryEntry } from './registry.js';
import type { News } from './registry-file.js';
import type { RowChange } from './rows.js';
import type { ViewEntry } from './views.js';
import type { Maker } from './watch.js';

/** What one migration did, as it was seen. */
export interface AuditedMigration {
  readonly name: string;
  readonly milliseconds: number;
  /** How many statements each maker sent. */
  readonly statements: Readonly<Record<Maker, number>>;
  readonly changes: readonly MadeChange[];
  readonly rows: readonly RowChange[];
}

/** All that has to be known before a squash. */
export interface AuditResult {
  readonly serverMajor: number;
  readonly migrations: readonly AuditedMigration[];
  /** Objects that the history leaves, by kind, and how many of those no schema builder made. */
  readonly kinds: readonly { readonly kind: string; readonly objects: number; readonly registered: number }[];
  readonly objects: readonly Pick<CatalogObject, 'id' | 'kind' | 'requires'>[];
  readonly registry: readonly RegistryEntry[];
  readonly views: readonly ViewEntry[];
  readonly questions: readonly Question[];
  /** Path of the registry, relative to the project. */
  readonly file: string;
  readonly written: boolean;
  /** Path of report.html, relative to the project; null where none was asked for. */
  readonly report: string | null;
  /** With `check`: what the registry doesn't have. */
  readonly news: News | null;
  /** Milliseconds. */
  readonly timings: { readonly replay: number; readonly total: number };
}
