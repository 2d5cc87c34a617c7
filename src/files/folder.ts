import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Every file beneath a folder as `a/b`; only files and folders are allowed in it.
 *
 * @throws what `invalid` makes of anything else: a link, a socket, a folder that isn't there.
 */
export async function listPlainFiles(
  folder: string,
  invalid: (path: string, flaw: string) => Error,
  within = '',
): Promise<readonly string[]> {
  const kind = await lstat(join(folder, within)).catch(() => null);
  if (!kind?.isDirectory()) throw invalid(within || '.', 'is no folder');
  const files: string[] = [];
  for (const entry of await readdir(join(folder, within), { withFileTypes: true })) {
    const path = within === '' ? entry.name : `${within}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await listPlainFiles(folder, invalid, path)));
    else if (entry.isFile()) files.push(path);
    else throw invalid(path, entry.isSymbolicLink() ? 'is a symbolic link' : 'is no plain file');
  }
  return files;
}
