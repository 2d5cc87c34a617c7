import { SquashError } from '../errors.js';
import { newestMajor, quotedWords } from './keywords.js';

/** A name that needs no quotes unless it is a keyword: `quote_identifier` in PostgreSQL's ruleutils.c. */
const plainName = /^[a-z_][a-z0-9_]*$/;

/**
 * A name as it stands in SQL, quoted exactly where `quote_ident` and `format('%I')` of a server of
 * that major would. Without `major` it quotes every word that any supported server quotes, which is
 * right on all of them but differs from `quote_ident` before 17 on names such as `json`.
 *
 * @throws SquashError OBJECT_UNSUPPORTED on a NUL character, which no name in PostgreSQL can hold.
 */
export function quoteIdent(name: string, major = newestMajor): string {
  const quotedSince = quotedWords.get(name);
  const isPlain = plainName.test(name) && (quotedSince === undefined || major < quotedSince);
  return isPlain ? name : `"${refuseNul(name).replaceAll('"', '""')}"`;
}

/** `schema.name`, each part as {@link quoteIdent} gives it. */
export function quoteQualified(schema: string, name: string, major?: number): string {
  return `${quoteIdent(schema, major)}.${quoteIdent(name, major)}`;
}

/**
 * A string constant that reads the same under both settings of `standard_conforming_strings`:
 * `'it''s'`, and `E'a\\b'` as soon as it holds a backslash. The same as the server's `quote_literal`.
 *
 * @throws SquashError OBJECT_UNSUPPORTED on a NUL character, which no text in PostgreSQL can hold.
 */
export function quoteLiteral(text: string): string {
  const quoted = `'${refuseNul(text).replaceAll("'", "''")}'`;
  return quoted.includes('\\') ? `E${quoted.replaceAll('\\', '\\\\')}` : quoted;
}

function refuseNul(text: string): string {
  // A NUL would end the statement early on the wire, and what follows would go missing in silence.
  if (!text.includes('\0')) return text;
  throw new SquashError('OBJECT_UNSUPPORTED', `${JSON.stringify(text)} holds a NUL character`, {
    hint: 'PostgreSQL stores no such text: remove the character.',
  });
}

/** The name that an identifier stands for: `"Odd"` for Odd. */
export function unquoteIdent(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

/** An anonymous block of PL/pgSQL, in dollar quotes that its body doesn't hold. */
export function doBlock(body: string, tag: string): string {
  let quotes = `$${tag}$`;
  for (let n = 1; body.includes(quotes); n++) quotes = `$${tag}${n}$`;
  return `DO ${quotes}\n${body}\n${quotes}`;
}
