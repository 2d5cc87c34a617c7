export interface DependenceRow {
  readonly classid: number;
  readonly oid: number;
  readonly subid: number;
  readonly extension: string;
}

/** What ALTER … DEPENDS ON EXTENSION has tied to an extension: it goes when the extension is dropped. */
export const dependenceQuery = `
  SELECT d.classid::int8::int AS classid, d.objid AS oid, 0 AS subid, quote_ident(e.extname) AS extension
  FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid
  WHERE d.deptype = 'x' AND d.refclassid = 3079 AND d.objid >= 16384 ORDER BY e.extname COLLATE "C"`;

/** @param target what stands after ALTER: `FUNCTION public.f(integer)`, `TRIGGER x ON public.t` */
export function dependenceStatements(target: string, extensions: readonly string[]): readonly string[] {
  return extensions.map((extension) => `ALTER ${target} DEPENDS ON EXTENSION ${extension}`);
}
