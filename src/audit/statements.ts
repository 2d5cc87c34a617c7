import { loadModule, parseSync } from 'libpg-query';
import { oneLine, type Question, type Topic } from './questions.js';
import type { Sent } from './watch.js';

/** A node of PostgreSQL's parse tree: one key that names its kind (src/include/nodes/parsenodes.h). */
type Tree = { readonly [key: string]: unknown };

/** Extensions that PostgreSQL itself brings (its `contrib`), and that may be created by a database's owner. */
const portable = new Set(
  `btree_gin btree_gist citext cube dict_int fuzzystrmatch hstore intarray isn lo ltree pgcrypto pg_trgm plpgsql seg
   tablefunc tcn tsm_system_rows tsm_system_time unaccent uuid-ossp`.split(/\s+/),
);

const times = new Set(
  'now clock_timestamp statement_timestamp transaction_timestamp timeofday txid_current pg_current_xact_id'.split(
    ' ',
  ),
);

const randoms = new Set(
  'random random_normal gen_random_uuid gen_random_bytes gen_salt crypt uuid_generate_v1 uuid_generate_v4 uuidv4 uuidv7'.split(
    ' ',
  ),
);

const reaching =
  /^(pg_read_file|pg_read_binary_file|pg_ls_dir|lo_import|lo_export|dblink\w*|http\w*|pg_notify)$/;

const writes = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt', 'TruncateStmt', 'CopyStmt']);

const roleStatements = new Set([
  'CreateRoleStmt',
  'AlterRoleStmt',
  'AlterRoleSetStmt',
  'DropRoleStmt',
  'GrantRoleStmt',
  'ReassignOwnedStmt',
  'DropOwnedStmt',
]);

/**
 * What the statements of a migration ask of a squash, read with PostgreSQL's own parser as they went
 * to the server: a text that was put together at run time too. What stands in the body of a function
 * or a DO block is not looked into.
 */
export async function readStatements(
  migration: string,
  statements: readonly Pick<Sent, 'sql'>[],
): Promise<readonly Question[]> {
  await loadModule();
  return statements.flatMap(({ sql }) =>
    [...topicsOf(sql)].map((topic): Question => ({ topic, migration, line: null, text: oneLine(sql) })),
  );
}

function topicsOf(sql: string): ReadonlySet<Topic> {
  let parsed: Tree;
  try {
    parsed = parseSync(sql) as unknown as Tree;
  } catch {
    // A newer server may know statements that the parser doesn't.
    return new Set(['unreadable']);
  }
  const found = new Set<Topic>();
  for (const { stmt } of (parsed.stmts ?? []) as readonly { readonly stmt: Tree }[]) {
    const [[kind, node] = ['', {}]] = Object.entries(stmt);
    for (const topic of ofStatement(kind, node as Tree)) found.add(topic);
    // Defaults and bodies are evaluated later, on each database anew.
    if (writes.has(kind) || kind === 'SelectStmt' || kind === 'CreateTableAsStmt') {
      walk(stmt, (name, inner) => {
        const topic = ofExpression(name, inner);
        if (topic !== null) found.add(topic);
      });
    }
  }
  return found;
}

function ofStatement(kind: string, node: Tree): readonly Topic[] {
  if (roleStatements.has(kind)) return ['roles'];
  switch (kind) {
    case 'InsertStmt': {
      const select = ((node.selectStmt ?? {}) as Tree).SelectStmt as Tree | undefined;
      const isOfRows = select !== undefined && select.valuesLists === undefined;
      return isOfRows && select.fromClause !== undefined
        ? ['rows written', 'rows of live databases']
        : ['rows written'];
    }
    case 'UpdateStmt':
    case 'DeleteStmt':
    case 'MergeStmt':
    case 'TruncateStmt':
      return ['rows written', 'rows of live databases'];
    case 'CopyStmt':
      return node.filename === undefined ? ['rows written'] : ['rows written', 'network or files'];
    case 'CreateTableAsStmt':
      return node.objtype === 'OBJECT_TABLE' ? ['rows written'] : [];
    case 'CreateExtensionStmt':
      return portable.has(String(node.extname)) ? [] : ['extension'];
    case 'CreateForeignServerStmt':
    case 'CreateSubscriptionStmt':
    case 'NotifyStmt':
      return ['network or files'];
    default:
      return [];
  }
}

function ofExpression(name: string, node: Tree): Topic | null {
  if (name === 'SQLValueFunction') {
    return /_CURRENT_(DATE|TIME|TIMESTAMP)|_LOCALTIME/.test(String(node.op)) ? 'time' : null;
  }
  if (name !== 'FuncCall') return null;
  const names = (node.funcname ?? []) as readonly { readonly String?: { readonly sval?: string } }[];
  const called = names.at(-1)?.String?.sval ?? '';
  if (times.has(called)) return 'time';
  if (randoms.has(called)) return 'randomness';
  return reaching.test(called) ? 'network or files' : null;
}

function walk(node: unknown, fn: (name: string, node: Tree) => void): void {
  if (Array.isArray(node)) {
    for (const child of node) walk(child, fn);
    return;
  }
  if (node === null || typeof node !== 'object') return;
  for (const [name, child] of Object.entries(node)) {
    if (child !== null && typeof child === 'object' && !Array.isArray(child)) fn(name, child as Tree);
    walk(child, fn);
  }
}
