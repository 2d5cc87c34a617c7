import { SquashError } from '../errors.js';
import { type BaselineMetadata, metadataSchema } from './metadata.js';
import { metadataMarkers } from './render.js';

/**
 * The metadata in a migration file's text, read without running it; null if it is no baseline.
 * @param name the file's name, for the error.
 * @throws SquashError BASELINE_INVALID when there is metadata but it isn't whole.
 */
export function parseBaseline(file: string, name: string): BaselineMetadata | null {
  const text = file.replaceAll('\r\n', '\n');
  const start = text.indexOf(metadataMarkers.start);
  if (start < 0) return null;
  const end = text.indexOf(metadataMarkers.end, start);
  const json = end < 0 ? '' : text.slice(start + metadataMarkers.start.length, end);
  try {
    return metadataSchema.parse(JSON.parse(json));
  } catch (cause) {
    throw new SquashError('BASELINE_INVALID', `the metadata in ${name} can't be read`, {
      hint: 'Put the file back as it was written: git checkout, or knex-squash restore migrations.',
      cause,
    });
  }
}
