import { parse } from '@babel/parser';
import { oneLine, type Question, type Topic } from './questions.js';

/** A node of the syntax tree, as far as it is looked at (ESTree with Babel's names). */
interface Node {
  readonly type: string;
  readonly loc?: { readonly start: { readonly line: number } } | null;
  readonly start?: number | null;
  readonly end?: number | null;
  readonly [key: string]: unknown;
}

/** Modules that reach beyond the database. */
const outside =
  /^(node:)?(fs|fs\/promises|http|https|http2|net|tls|dgram|dns|child_process|worker_threads)$|^(axios|got|node-fetch|undici|request|superagent|ky|@aws-sdk\/.*|aws-sdk|@google-cloud\/.*|nodemailer|ioredis|redis)$/;

const randomModules =
  /^(uuid|nanoid|cuid|ulid|bcrypt|bcryptjs|argon2|@paralleldrive\/cuid2|@faker-js\/faker)$/;

const randomCalls = new Set([
  'Math.random',
  'crypto.randomUUID',
  'crypto.randomBytes',
  'crypto.getRandomValues',
  'randomUUID',
  'randomBytes',
]);

/**
 * What a migration's code does that a squash can't take along silently, by its syntax: nothing is
 * run. Pure.
 *
 * @param text TypeScript or JavaScript, a module or CommonJS.
 */
export function readCode(migration: string, text: string): readonly Question[] {
  let root: Node;
  try {
    root = parse(text, {
      sourceType: 'unambiguous',
      allowReturnOutsideFunction: true,
      errorRecovery: true,
      plugins: [
        ...(/\.[cm]?ts$/.test(migration) ? (['typescript'] as const) : []),
        'jsx',
        'decorators',
      ].filter((plugin) => plugin !== 'jsx' || !/\.[cm]?ts$/.test(migration)) as (
        | 'typescript'
        | 'jsx'
        | 'decorators'
      )[],
    }).program as unknown as Node;
  } catch (error) {
    return [{ topic: 'unreadable', migration, line: null, text: oneLine((error as Error).message) }];
  }
  const found: Question[] = [];
  visit(root, (node) => {
    const topic = topicOf(node);
    if (topic === null) return;
    const code = text.slice(node.start ?? 0, node.end ?? 0);
    found.push({ topic, migration, line: node.loc?.start.line ?? null, text: oneLine(code) });
  });
  return found;
}

function topicOf(node: Node): Topic | null {
  const module = moduleOf(node);
  if (module !== null) return ofModule(module);
  switch (node.type) {
    case 'MemberExpression':
    case 'OptionalMemberExpression':
      return nameOf(node) === 'process.env' ? 'environment' : null;
    case 'CallExpression':
    case 'OptionalCallExpression':
      return ofCall(nameOf(node.callee as Node));
    case 'NewExpression':
      return nameOf(node.callee as Node) === 'Date' && (node.arguments as readonly unknown[]).length === 0
        ? 'time'
        : null;
    case 'ObjectProperty':
      return nameOf(node.key as Node) === 'transaction' && (node.value as Node).value === false
        ? 'no transaction'
        : null;
    default:
      return null;
  }
}

function ofCall(name: string): Topic | null {
  if (name === 'Date.now') return 'time';
  if (randomCalls.has(name)) return 'randomness';
  return name === 'fetch' ? 'network or files' : null;
}

function ofModule(module: string): Topic | null {
  if (outside.test(module)) return 'network or files';
  if (randomModules.test(module)) return 'randomness';
  return module.startsWith('.') ? 'code elsewhere' : null;
}

/** What an import, an export from, or a require names; types alone don't count. */
function moduleOf(node: Node): string | null {
  if (node.importKind === 'type' || node.exportKind === 'type') return null;
  if (['ImportDeclaration', 'ExportNamedDeclaration', 'ExportAllDeclaration'].includes(node.type)) {
    return textOf(node.source as Node | null);
  }
  if (node.type === 'ImportExpression') return textOf(node.source as Node);
  const callee = node.type === 'CallExpression' ? (node.callee as Node) : null;
  if (callee === null || (callee.type !== 'Import' && nameOf(callee) !== 'require')) return null;
  return textOf((node.arguments as readonly Node[])[0] ?? null);
}

function textOf(node: Node | null): string | null {
  return node?.type === 'StringLiteral' ? String(node.value) : null;
}

/** `process.env` of a chain of names, else ''. */
function nameOf(node: Node): string {
  if (node.type === 'Identifier') return String(node.name);
  if (node.type === 'StringLiteral') return String(node.value);
  if (node.type !== 'MemberExpression' && node.type !== 'OptionalMemberExpression') return '';
  const [object, property] = [nameOf(node.object as Node), nameOf(node.property as Node)];
  return object === '' || property === '' ? '' : `${object}.${property}`;
}

function visit(node: Node, fn: (node: Node) => void): void {
  fn(node);
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value]) {
      if (child !== null && typeof child === 'object' && typeof (child as Node).type === 'string') {
        visit(child as Node, fn);
      }
    }
  }
}
