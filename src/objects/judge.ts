import { byCodePoint, type CatalogObject } from '../catalog/model.js';
import type { ObjectFile } from './files.js';
import { pathsOf } from './path.js';
import type { RecordedObject } from './record.js';
import { definitionHash, isFiled, textOf } from './text.js';

/** What has to be done so that a database's objects are what their files say. */
export interface ObjectWork {
  /** Files without an object. */
  readonly create: readonly ObjectFile[];
  /** Files whose object is another: edited since it was applied, or altered in the database. */
  readonly change: readonly { readonly file: ObjectFile; readonly object: CatalogObject }[];
  /** Objects whose file is gone. */
  readonly orphans: readonly { readonly path: string; readonly object: CatalogObject }[];
  /** Records that say other things than what is true without doing anything. */
  readonly record: readonly RecordedObject[];
  readonly forget: readonly string[];
}

/**
 * Holds files against a database's objects. An object is true to its file when that very text was
 * applied and the server still prints what it printed then, or when it prints the text itself.
 */
export function judgeObjects(
  files: readonly ObjectFile[],
  records: readonly RecordedObject[],
  objects: readonly CatalogObject[],
  major: number,
): ObjectWork {
  const paths = pathsOf(objects);
  const atPath = new Map(objects.filter(isFiled).map((object) => [paths.get(object.id) ?? '', object]));
  const recorded = new Map(records.map((record) => [record.path, record]));
  const filed = new Set(files.map(({ path }) => path));
  const change: { file: ObjectFile; object: CatalogObject }[] = [];
  const record: RecordedObject[] = [];
  for (const file of files) {
    const object = atPath.get(file.path);
    if (object === undefined) continue;
    const known = recorded.get(file.path);
    if (!isTrue(file, object, known, major)) change.push({ file, object });
    else if (known?.sha256 !== file.sha256 || known.serverMajor !== major)
      record.push(recordOf(file, object, major));
  }
  const left = records.filter(({ path }) => !filed.has(path));
  return {
    create: files.filter(({ path }) => !atPath.has(path)),
    change,
    orphans: left.flatMap(({ path }) => {
      const object = atPath.get(path);
      return object === undefined ? [] : [{ path, object }];
    }),
    record,
    forget: left.map(({ path }) => path).filter((path) => !atPath.has(path)),
  };
}

function isTrue(
  file: ObjectFile,
  object: CatalogObject,
  known: RecordedObject | undefined,
  major: number,
): boolean {
  // Another major prints other words for the same.
  if (known?.sha256 === file.sha256 && known.serverMajor !== major) return true;
  if (known?.sha256 === file.sha256 && known.definition === definitionHash(object)) return true;
  return file.text === textOf(object);
}

export function recordOf(file: ObjectFile, object: CatalogObject, major: number): RecordedObject {
  return {
    path: file.path,
    object: object.id,
    sha256: file.sha256,
    definition: definitionHash(object),
    serverMajor: major,
  };
}

/** The files of a catalog's objects, by path. */
export function filesOf(
  objects: readonly CatalogObject[],
): readonly { readonly path: string; readonly text: string }[] {
  const paths = pathsOf(objects);
  return objects
    .filter(isFiled)
    .map((object) => ({ path: paths.get(object.id) ?? '', text: textOf(object) }))
    .sort((a, b) => byCodePoint(a.path, b.path));
}
