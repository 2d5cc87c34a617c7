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

/** Shows a list on the terminal and asks for a number until it is one; the first is taken by Enter. */
export async function askWhich(
  question: string,
  names: readonly string[],
  { input, output }: Terminal = { input: process.stdin, output: process.stderr },
): Promise<string> {
  const terminal = createInterface({ input, output });
  try {
    output.write(names.map((name, at) => `${String(at + 1).padStart(3)}  ${name}\n`).join(''));
    for (;;) {
      const answer = (await terminal.question(`${question} [1] `)).trim();
      const chosen = names[answer === '' ? 0 : Number(answer) - 1];
      if (chosen !== undefined) return chosen;
      output.write(`It must be a number from 1 to ${names.length}.\n`);
    }
  } finally {
    terminal.close();
  }
}

/** Where a question is asked. */
interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
}
