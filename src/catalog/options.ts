import { quoteIdent, quoteLiteral } from '../database/sql.js';

/** `{a=b,c=d}` of a foreign object as `a 'b', c 'd'`. */
export function optionList(options: readonly string[]): string {
  return options
    .map(splitOption)
    .map(([key, value]) => `${quoteIdent(key)} ${quoteLiteral(value)}`)
    .join(', ');
}

/** `OPTIONS (a 'b')`, or nothing where there are none. */
export function optionsClause(options: readonly string[] | undefined): readonly string[] {
  return options === undefined || options.length === 0 ? [] : [`OPTIONS (${optionList(options)})`];
}

/** `{a=b}` of pg_class.reloptions as `a='b'`, with a prefix for the TOAST table's. */
export function storageParameters(options: readonly string[], prefix = ''): readonly string[] {
  return options.map(splitOption).map(([key, value]) => `${prefix}${quoteIdent(key)}=${quoteLiteral(value)}`);
}

function splitOption(option: string): readonly [string, string] {
  const at = option.indexOf('=');
  return at < 0 ? [option, ''] : [option.slice(0, at), option.slice(at + 1)];
}
