import { quoteIdent } from '../../src/database/sql.js';

/** Names that would break out of any quoting which is not done. */
export const hostile = [
  '</script><img src=x onerror=alert(1)>',
  `" onmouseover="alert(2)" x='`,
  '</title></svg><script>alert(3)</script>',
  '--><b>&lt;&amp;</b><!--',
  '`]; } "\\N\\l {',
];

/** SQL that gives these names to whatever can bear one. */
export function hostileSchema(): string {
  const [schema = '', table = '', other = '', column = '', view = ''] = hostile.map(quoteIdent);
  return `CREATE SCHEMA ${schema};
    CREATE TABLE ${schema}.${table} (${column} int PRIMARY KEY, other int);
    CREATE TABLE ${schema}.${other} (${column} int CONSTRAINT ${view} REFERENCES ${schema}.${table});
    CREATE VIEW ${schema}.${view} AS SELECT ${column}, '</pre><script>alert(4)</script>' AS text FROM ${schema}.${table};
    COMMENT ON VIEW ${schema}.${view} IS '<img src=x onerror=alert(5)>';
    INSERT INTO ${schema}.${table} VALUES (1, 2)`;
}
