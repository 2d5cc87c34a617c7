/**
 * The words that PostgreSQL quotes when they are used as names: every entry of `pg_get_keywords()`
 * whose category isn't unreserved, as asked of a server of each major from 14 to 18.
 * Words have been added, never removed.
 */
const wordsOf14 = `
  all analyse analyze and any array as asc asymmetric authorization between bigint binary bit boolean both
  case cast char character check coalesce collate collation column concurrently constraint create cross
  current_catalog current_date current_role current_schema current_time current_timestamp current_user dec
  decimal default deferrable desc distinct do else end except exists extract false fetch float for foreign
  freeze from full grant greatest group grouping having ilike in initially inner inout int integer intersect
  interval into is isnull join lateral leading least left like limit localtime localtimestamp national
  natural nchar none normalize not notnull null nullif numeric offset on only or order out outer overlaps
  overlay placing position precision primary real references returning right row select session_user setof
  similar smallint some substring symmetric table tablesample then time timestamp to trailing treat trim
  true union unique user using values varchar variadic verbose when where window with xmlattributes
  xmlconcat xmlelement xmlexists xmlforest xmlnamespaces xmlparse xmlpi xmlroot xmlserialize xmltable`;

const wordsSince16 = 'json_array json_arrayagg json_object json_objectagg system_user';

const wordsSince17 =
  'json json_exists json_query json_scalar json_serialize json_table json_value merge_action';

/** The newest server whose words are listed here. */
export const newestMajor = 18;

/** Each quoted word with the first major that quotes it; 0 stands for every supported one. */
export const quotedWords: ReadonlyMap<string, number> = new Map([
  ...since(0, wordsOf14),
  ...since(16, wordsSince16),
  ...since(17, wordsSince17),
]);

function since(major: number, words: string): [string, number][] {
  return words
    .trim()
    .split(/\s+/)
    .map((word) => [word, major]);
}
