import { quoteLiteral } from '../../database/sql.js';

export interface LabelRow {
  readonly classid: number;
  readonly oid: number;
  readonly subid: number;
  readonly provider: string;
  readonly label: string;
}

/** All security labels on objects of this database. */
export const labelsQuery = `
  SELECT l.classoid AS classid, l.objoid AS oid, l.objsubid AS subid, quote_ident(l.provider) AS provider, l.label
  FROM pg_seclabel l WHERE l.objoid >= 16384`;

/** @param target what stands after ON: `TABLE public.genes` */
export function labelStatement(target: string, provider: string, label: string): string {
  return `SECURITY LABEL FOR ${provider} ON ${target} IS ${quoteLiteral(label)}`;
}
