import { z } from 'zod';
import { ledgerRowSchema as ledgerRow } from '../files/ledger-row.js';
import { isInside, isProjectPath, manifestName } from '../files/paths.js';
import { parseSealed, renderSealed, seal } from '../files/sealed.js';

/** `20261123T081500Z`, with a number where two archives were made in one second. */
export const archiveNamePattern = /^\d{8}T\d{6}Z(-\d+)?$/;

const hash = z.string().regex(/^[0-9a-f]{64}$/);

/** Relative, with `/`, and inside of its folder on every system. */
const insidePath = z.string().refine(isInside, 'leads out of its folder');

/**
 * Relative to the project's root, with `/`; a folder of migrations may lie beside the project. Who
 * writes there has to check where it leads.
 */
const projectPath = z.string().refine(isProjectPath, 'is no relative path');

const contents = { path: insidePath, sha256: hash, size: z.int().min(0) };

/** A file that belongs to an original: the rows of a big table, where that is an earlier baseline. */
const besideOriginal = z.strictObject({ ...contents, originalPath: projectPath });

const manifestSchema = z.strictObject({
  formatVersion: z.literal(1),
  toolVersion: z.string(),
  /** The server's on which the history was replayed. */
  serverMajor: z.int(),
  revision: z.string().regex(/^[0-9a-f]{12}$/),
  /** The file that took the originals' place. */
  baseline: z.strictObject({
    name: z.string(),
    path: projectPath,
    sha256: hash,
    /** The files of rows that came with it. */
    beside: z
      .array(z.strictObject({ path: projectPath, sha256: hash }))
      .min(1)
      .optional(),
  }),
  /** Of the catalog as the history built it, and as the baseline did. */
  fingerprints: z.strictObject({ history: z.string(), baseline: z.string() }),
  createdAt: z.iso.datetime(),
  /** The originals in their order: the ledger's name, the place here, the place in the project. */
  files: z
    .array(
      z.strictObject({
        ...contents,
        name: z.string(),
        originalPath: projectPath,
        beside: z.array(besideOriginal).min(1).optional(),
      }),
    )
    .min(1),
  /** What else the archive holds: the expected catalog and so on. */
  attachments: z.array(z.strictObject(contents)),
  /** The ledger of the database that was adopted then, or null. */
  ledger: z.array(ledgerRow).nullable(),
  /** Of the canonical JSON without this key. */
  sha256: hash,
});

/** What `manifest.json` in an archive says. */
export type Manifest = z.infer<typeof manifestSchema>;

/** The files that belong to originals, as they lie in the archive. */
export function besideOriginals({
  files,
}: Pick<Manifest, 'files'>): readonly NonNullable<Manifest['files'][number]['beside']>[number][] {
  return files.flatMap(({ beside }) => beside ?? []);
}

/** The manifest with its own hash. */
export function sealManifest(manifest: Omit<Manifest, 'sha256'>): Manifest {
  return seal(manifest);
}

/** The one text that a manifest has. */
export function renderManifest(manifest: Manifest): string {
  return renderSealed(manifest);
}

/**
 * The manifest of a text, or what is wrong with it. Only the text that {@link renderManifest} gives
 * is good: not a byte can be altered.
 */
export function parseManifest(text: string): { manifest: Manifest } | { flaw: string } {
  const parsed = parseSealed(manifestSchema, text);
  if ('flaw' in parsed) return parsed;
  const { sealed: manifest } = parsed;
  const paths = [...manifest.files, ...besideOriginals(manifest), ...manifest.attachments].map(
    ({ path }) => path,
  );
  const isUnique = new Set([...paths, manifestName]).size === paths.length + 1;
  return isUnique ? { manifest } : { flaw: 'lists a file twice' };
}
