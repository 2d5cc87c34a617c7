import { quoteLiteral } from '../database/sql.js';

interface Shape {
  readonly pattern: RegExp;
  readonly name: (text: string) => string;
  /** SQL that gives another value of that shape, without an extension. */
  readonly expression?: (text: string) => string;
}

const hexDigits = `replace(gen_random_uuid()::text, '-', '')`;

const repeated = (times: number): string => Array.from({ length: times }, () => hexDigits).join(' || ');

/** What secrets, keys and hashes look like; the first that fits. */
const shapes: readonly Shape[] = [
  {
    pattern: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
    name: () => 'a UUID',
    expression: () => 'gen_random_uuid()',
  },
  { pattern: /^\$2[abxy]?\$\d\d\$/, name: () => 'a bcrypt hash' },
  { pattern: /^\$argon2/, name: () => 'an argon2 hash' },
  { pattern: /^\$scrypt\$|^scrypt:|^pbkdf2/i, name: () => 'a password hash' },
  { pattern: /^-----BEGIN [A-Z ]+-----/, name: () => 'a key in PEM' },
  { pattern: /^eyJ[\w-]+\.[\w-]+\.[\w-]*$/, name: () => 'a JSON web token' },
  {
    pattern: /^\\x([0-9a-f]{2})+$/,
    name: (text) => `${(text.length - 2) / 2} bytes`,
    expression: (text) => {
      const bytes = (text.length - 2) / 2;
      return `decode(left(${repeated(Math.ceil(bytes / 16))}, ${2 * bytes}), 'hex')`;
    },
  },
  { pattern: /^\d+$/, name: (text) => `a number of ${text.length} digits` },
  {
    pattern: /^[0-9a-f]{16,512}$/i,
    name: (text) => `${text.length} hex digits`,
    expression: (text) => `left(${repeated(Math.ceil(text.length / 32))}, ${text.length})`,
  },
  {
    pattern: /^[\w+/-]{20,512}={0,2}$/,
    name: (text) => `${text.length} characters of base64`,
    expression: (text) => {
      const pieces = Math.ceil((text.length * 3) / 4 / 16);
      return `left(replace(encode(decode(${repeated(pieces)}, 'hex'), 'base64'), ${quoteLiteral('\n')}, ''), ${text.length})`;
    },
  },
];

/** What a value looks like, in words that give nothing of it away. */
export function shapeOf(text: string): string {
  const known = shapes.find(({ pattern }) => pattern.test(text));
  if (known !== undefined) return known.name(text);
  return `${text.length} character${text.length === 1 ? '' : 's'}`;
}

/** An SQL expression that gives another value of the same shape, or null where none is plain. */
export function expressionFor(text: string): string | null {
  return shapes.find(({ pattern }) => pattern.test(text))?.expression?.(text) ?? null;
}

/** Whether a value can only be a key that was made up: nobody types a UUID. */
export function isUuid(text: string): boolean {
  return shapes[0]?.pattern.test(text) === true;
}
