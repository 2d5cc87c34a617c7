import { spawn } from 'node:child_process';
import { type FileHandle, mkdir, open, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SquashError } from '../errors.js';
import { hashUnlinked } from '../files/durable.js';
import type { BackupManifest } from './manifest.js';

/** The ending of a file that a command of the settings has encrypted. */
const ending = '.enc';

/** Files that tell what lies here, and hold nothing of the database. */
const plain: readonly string[] = ['README.md', '.gitignore', '.gitattributes'];

type Encrypted = NonNullable<BackupManifest['encrypted']>;

/**
 * Puts an encrypted file in the place of each file that holds something of the database. While a backup
 * is made its files lie in the clear, in a folder for their owner alone.
 *
 * @param command a shell command from stdin to stdout.
 * @throws SquashError DUMP_FAILED when the command does.
 */
export async function encryptFiles(
  folder: string,
  files: BackupManifest['files'],
  command: string,
): Promise<Encrypted> {
  const encrypted: Encrypted = [];
  for (const { path: source } of files) {
    if (plain.includes(source)) continue;
    const path = `${source}${ending}`;
    await filter(command, join(folder, source), join(folder, path), 'DUMP_FAILED');
    await rm(join(folder, source));
    const { size } = await stat(join(folder, path));
    encrypted.push({ source, path, sha256: await hashUnlinked(join(folder, path)), size });
  }
  return encrypted;
}

/** Decrypts what was encrypted into another folder. @throws SquashError RESTORE_FAILED */
export async function decryptFiles(
  { encrypted }: Pick<BackupManifest, 'encrypted'>,
  { from, to, command }: { readonly from: string; readonly to: string; readonly command: string },
): Promise<void> {
  for (const { source, path } of encrypted ?? []) {
    await mkdir(dirname(join(to, source)), { recursive: true, mode: 0o700 });
    await filter(command, join(from, path), join(to, source), 'RESTORE_FAILED');
  }
}

/** The first complaints are kept. */
const complaintLength = 2000;

async function filter(
  command: string,
  from: string,
  to: string,
  code: 'DUMP_FAILED' | 'RESTORE_FAILED',
): Promise<void> {
  const [input, output] = [await open(from, 'r'), await open(to, 'wx', 0o600)];
  try {
    const { status, complaints } = await run(command, input, output);
    if (status !== 0) {
      throw new SquashError(code, `${from} did not pass the command "${command}": ${complaints || status}`, {
        hint: 'It must read stdin and write stdout: see squash.encryption in the knexfile.',
      });
    }
    await output.sync();
  } finally {
    await Promise.all([input.close(), output.close()]);
  }
}

async function run(
  command: string,
  input: FileHandle,
  output: FileHandle,
): Promise<{ readonly status: number | string | null; readonly complaints: string }> {
  const child = spawn(command, { shell: true, stdio: [input.fd, output.fd, 'pipe'] });
  let complaints = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (complaints.length < complaintLength) complaints += text;
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status, signal) =>
      resolve({ status: status ?? signal, complaints: complaints.trim() }),
    );
  });
}
