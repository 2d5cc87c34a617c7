import { quoteLiteral } from '../database/sql.js';
import type { Cell } from './read.js';

/** Whole numbers and booleans bare, everything else as text that the type's input function reads. */
export function literal(cell: Cell, type: string): string {
  if (cell === null) return 'NULL';
  if (/^(smallint|integer|bigint)$/.test(type) && /^-?\d+$/.test(cell)) return cell;
  if (type === 'boolean') return cell === 't' ? 'true' : 'false';
  return quoteLiteral(cell);
}
