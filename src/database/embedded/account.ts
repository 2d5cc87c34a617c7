import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import { SquashError } from '../../errors.js';

/** How the server's programs are started, given that PostgreSQL refuses to run as root. */
export interface Account {
  /** Words before the program's own: a wrapper that gives up root, or nothing. */
  readonly wrapper: readonly string[];
  /** The account to change to, and to own the files; null for the present one. */
  readonly ids: { readonly uid: number; readonly gid: number } | null;
}

/** `nobody` nearly everywhere; any id but 0 does. */
const nobody = 65534;

const asNobody = ['unshare', '-U', `--map-user=${nobody}`, `--map-group=${nobody}`];

/**
 * Chooses who runs the server whose files lie in `folder`: the present user; for root, whoever owns
 * the folder already, else a user namespace of its own, else `nobody`.
 *
 * @throws SquashError EMBEDDED_UNAVAILABLE when the folder belongs to somebody else.
 */
export function chooseAccount(folder: string): Account {
  const uid = process.getuid?.();
  const present = { wrapper: [], ids: null };
  if (uid === undefined) return present;
  const owner = ownerOf(folder);
  if (uid !== 0) {
    if (owner !== null && owner.uid !== uid) throw belongsTo(folder, owner.uid, uid);
    return present;
  }
  if (owner !== null && owner.uid !== 0) return { wrapper: [], ids: owner };
  if (canUnshare()) return { wrapper: asNobody, ids: null };
  if (owner !== null) throw needsNamespace(folder);
  return { wrapper: [], ids: { uid: nobody, gid: nobody } };
}

/** The words of a command line as that account starts it. */
export function commandLine(account: Account, program: string, args: readonly string[]): [string, string[]] {
  const [first = program, ...rest] = [...account.wrapper, program, ...args];
  return [first, rest];
}

function ownerOf(folder: string): { uid: number; gid: number } | null {
  try {
    const { uid, gid } = statSync(folder);
    return { uid, gid };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw new SquashError(
      'EMBEDDED_UNAVAILABLE',
      `the embedded server's folder ${folder} can't be looked at`,
      {
        hint: 'It may belong to another user (root, in a container): give it to this one or delete it.',
        cause: error,
      },
    );
  }
}

function canUnshare(): boolean {
  const [program = '', ...args] = asNobody;
  return spawnSync(program, [...args, 'true'], { stdio: 'ignore' }).status === 0;
}

function belongsTo(folder: string, owner: number, uid: number): SquashError {
  const whose = owner === 0 ? 'root' : `another user (uid ${owner})`;
  return new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `the embedded server's folder ${folder} belongs to ${whose}, so this user (uid ${uid}) cannot run it`,
    { hint: `Give it to this user with chown -R, or delete it to start afresh, or set DATABASE_URL.` },
  );
}

function needsNamespace(folder: string): SquashError {
  return new SquashError(
    'EMBEDDED_UNAVAILABLE',
    `PostgreSQL refuses to run as root, the folder ${folder} belongs to root, and no user namespace can be made here`,
    {
      hint: `Run chown -R ${nobody}:${nobody} on that folder, or run as an ordinary user, or set DATABASE_URL.`,
    },
  );
}
