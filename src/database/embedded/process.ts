import { spawnSync } from 'node:child_process';
import { readFileSync, readlinkSync, realpathSync } from 'node:fs';

/** Whether a process of that id runs, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return process.platform !== 'linux' || !isZombie(pid);
}

/** In many containers nobody reaps orphans: their process id outlives them. */
function isZombie(pid: number): boolean {
  try {
    // `pid (name) state …`, see proc(5); the name can hold anything, so the last parenthesis counts.
    return /\) [ZX] [^)]*$/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}

/**
 * Whether the process is a server of that data folder. Process ids are used again, quickly so in
 * containers, and the pid file of a killed server then names a stranger.
 */
export function isServerOf(pid: number, data: string): boolean {
  if (!isAlive(pid)) return false;
  if (process.platform === 'linux') return isAtWork(pid, data);
  return commandOf(pid).includes('postgres');
}

/** PostgreSQL changes its working directory to the data folder; a renamed project doesn't fool this. */
function isAtWork(pid: number, data: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`) === realpathSync(data);
  } catch {
    // Another account's process can't be looked into, and can't be the server of our own folder.
    return false;
  }
}

function commandOf(pid: number): string {
  const { stdout } =
    process.platform === 'win32'
      ? spawnSync('tasklist', ['/FI', `PID eq ${pid}`, '/NH'], { encoding: 'utf8', windowsHide: true })
      : spawnSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  return stdout ?? '';
}
