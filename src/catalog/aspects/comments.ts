import { quoteIdent, quoteLiteral } from '../../database/sql.js';

export interface CommentRow {
  readonly classid: number;
  readonly oid: number;
  readonly subid: number;
  readonly text: string;
}

/** What initdb says of the schema public (src/include/catalog/pg_namespace.dat). */
export const publicSchemaComment = 'standard public schema';

/** All comments on users' objects, and the one on the schema public. */
export const commentsQuery = `
  SELECT d.classoid AS classid, d.objoid AS oid, d.objsubid AS subid, d.description AS text
  FROM pg_description d
  WHERE d.objoid >= 16384 OR (d.classoid = 2615 AND d.objoid = (SELECT oid FROM pg_namespace WHERE nspname = 'public'))`;

/** @param target what stands after ON: `TABLE public.genes`; @param text null removes the comment */
export function commentStatement(target: string, text: string | null): string {
  return `COMMENT ON ${target} IS ${text === null ? 'NULL' : quoteLiteral(text)}`;
}

/** What stands after COMMENT ON for a column of a relation or an attribute of a composite type. */
export function columnTarget(identity: string, column: string): string {
  return `COLUMN ${identity}.${quoteIdent(column)}`;
}
