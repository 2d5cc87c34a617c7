import { createInterface } from 'node:readline/promises';

/** Asks on the terminal for a database's name. @param loss what will happen: `It will be replaced.` */
export function askName(loss: string): (database: string) => Promise<string> {
  return async (database) => {
    const terminal = createInterface({ input: process.stdin, output: process.stderr });
    try {
      return await terminal.question(`The database is "${database}". ${loss} Its name, to confirm: `);
    } finally {
      terminal.close();
    }
  };
}

/** Asks on the terminal; anything but yes is no. */
export async function askYes(question: string): Promise<boolean> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `)).trim());
  } finally {
    terminal.close();
  }
}
