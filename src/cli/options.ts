import type { Command } from 'commander';
import { loadSettings, type Server, type Settings } from '../index.js';
import { Output } from './output.js';

/** The flags that every command takes. */
export interface CommonFlags {
  readonly knexfile?: string;
  readonly env?: string;
  readonly url?: string;
  readonly shadowUrl?: string;
  readonly migrations?: string[];
  readonly backups?: string;
  readonly rows?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly yes?: boolean;
}

/** Adds them to a command. */
export function withCommonFlags(command: Command): Command {
  return command
    .option('--knexfile <path>', 'the knexfile; by default the one in this folder')
    .option('--env <name>', 'the environment in the knexfile; by default NODE_ENV or development')
    .option(
      '--url <url>',
      'the database; by default DATABASE_URL, then the knexfile, then the embedded server',
    )
    .option('--shadow-url <url>', 'a server on which shadows may be made')
    .option('--migrations <folder...>', 'the folders of migrations')
    .option('--backups <folder>', 'the folder of archives')
    .option('--json', 'print one JSON object on stdout, everything else on stderr')
    .option('--quiet', 'print nothing but results and errors')
    .option('--yes', "don't ask for confirmation");
}

/** What a command's action starts from. */
export interface Context {
  readonly settings: Settings;
  readonly output: Output;
  readonly onServer: (server: Server) => void;
}

/** Parses the settings and opens the output. @throws SquashError SETTINGS_INVALID */
export async function openContext(flags: CommonFlags): Promise<Context> {
  const output = new Output({ json: flags.json === true, quiet: flags.quiet === true });
  const { knexfile, env, url, shadowUrl, migrations, backups, rows } = flags;
  const settings = await loadSettings({
    cwd: process.cwd(),
    env: process.env,
    flags: { knexfile, env, url, shadowUrl, migrations, backups, rows },
  });
  return {
    settings,
    output,
    onServer: ({ embedded, description }) => {
      if (embedded) output.note(`No DATABASE_URL: using ${description}.`);
    },
  };
}
