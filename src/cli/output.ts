import pc from 'picocolors';
import { isSquashError } from '../index.js';

/** How a command talks: results on stdout, progress on a terminal's stderr only. */
export class Output {
  readonly #json: boolean;
  readonly #quiet: boolean;
  readonly #live: boolean;
  readonly #print: (text: string) => void;

  constructor({ json, quiet }: { readonly json: boolean; readonly quiet: boolean }) {
    this.#json = json;
    this.#quiet = quiet;
    this.#print = json ? ownStdout() : (text) => void process.stdout.write(text);
    this.#live = process.stderr.isTTY === true && !quiet;
  }

  /** A line for a human; with --json it goes to stderr. */
  note(line: string): void {
    if (this.#quiet) return;
    this.#clear();
    (this.#json ? process.stderr : process.stdout).write(`${line}\n`);
  }

  /** What is going on, on a terminal only; the next one replaces it. */
  progress(message: string): void {
    if (!this.#live) return;
    const width = (process.stderr.columns ?? 80) - 1;
    process.stderr.write(`\r\u001B[2K${pc.dim(message.slice(0, width))}`);
  }

  /** What a command of the project's own prints: to stderr, since it is no result. */
  passOn(text: string): void {
    if (this.#quiet) return;
    this.#clear();
    process.stderr.write(text);
  }

  /** The result: one JSON object, or the lines. */
  result(object: unknown, lines: readonly string[]): void {
    this.#clear();
    this.#print(
      this.#json ? `${JSON.stringify(object, null, 2)}\n` : lines.map((line) => `${line}\n`).join(''),
    );
  }

  #clear(): void {
    if (this.#live) process.stderr.write('\r\u001B[2K');
  }
}

/** An error as code, message, cause and remedy; with --json as an object on stdout too. */
export function printError(error: unknown, json: boolean): void {
  const known = isSquashError(error);
  const message = error instanceof Error ? error.message : String(error);
  const code = known ? error.code : 'UNEXPECTED';
  const hint = known ? error.hint : undefined;
  if (process.stderr.isTTY === true) process.stderr.write('\r\u001B[2K');
  process.stderr.write(`${pc.red('error')} ${code}: ${message}\n`);
  for (const cause of causes(error, message)) process.stderr.write(`  ${pc.dim('because')} ${cause}\n`);
  if (hint !== undefined) process.stderr.write(`  ${hint}\n`);
  if (!known && error instanceof Error && process.env.KNEX_SQUASH_DEBUG !== undefined) {
    process.stderr.write(`${error.stack ?? ''}\n`);
  }
  if (json) ownStdout()(`${JSON.stringify({ schemaVersion: 1, error: { code, message, hint } }, null, 2)}\n`);
}

const write = process.stdout.write.bind(process.stdout);

/** Sends whatever else is written to stdout, by a migration for example, to stderr from now on. */
function ownStdout(): (text: string) => void {
  process.stdout.write = process.stderr.write.bind(process.stderr);
  return (text) => void write(text);
}

/** Messages of the causes that say more than what stands above them. */
function causes(error: unknown, above: string): readonly string[] {
  const cause = error instanceof Error ? error.cause : undefined;
  if (!(cause instanceof Error)) return [];
  const rest = causes(cause, `${above}\n${cause.message}`);
  return above.includes(reasonOf(cause.message)) ? rest : [cause.message, ...rest];
}

/** What a message says without the statement that Knex puts in front of it, however long: `SELECT … - reason`. */
function reasonOf(message: string): string {
  const at = message.lastIndexOf(' - ');
  return at < 0 ? message : message.slice(at + ' - '.length);
}
