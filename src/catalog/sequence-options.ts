/** A sequence's definition as pg_sequence has it; numbers are text, since bigint exceeds JavaScript's. */
export interface SequenceOptions {
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly min: string;
  readonly max: string;
  readonly cache: string;
  readonly cycle: boolean;
}

/** SQL for a json object of SequenceOptions from a pg_sequence row. */
export function sequenceJson(alias: string): string {
  return `json_build_object('type', format_type(${alias}.seqtypid, NULL), 'start', ${alias}.seqstart::text,
    'increment', ${alias}.seqincrement::text, 'min', ${alias}.seqmin::text, 'max', ${alias}.seqmax::text,
    'cache', ${alias}.seqcache::text, 'cycle', ${alias}.seqcycle)`;
}

const largest: Readonly<Record<string, bigint>> = {
  smallint: 32767n,
  integer: 2147483647n,
  bigint: 9223372036854775807n,
};

/** The clauses that differ from PostgreSQL's defaults (CREATE SEQUENCE, Parameters). */
export function sequenceClauses(options: SequenceOptions, withType: boolean): readonly string[] {
  const top = largest[options.type] ?? 0n;
  const ascending = BigInt(options.increment) > 0n;
  const defaultMin = ascending ? 1n : -top - 1n;
  const defaultMax = ascending ? top : -1n;
  const defaultStart = ascending ? options.min : options.max;
  return [
    withType && options.type !== 'bigint' ? `AS ${options.type}` : '',
    options.start === defaultStart ? '' : `START WITH ${options.start}`,
    options.increment === '1' ? '' : `INCREMENT BY ${options.increment}`,
    BigInt(options.min) === defaultMin ? '' : `MINVALUE ${options.min}`,
    BigInt(options.max) === defaultMax ? '' : `MAXVALUE ${options.max}`,
    options.cache === '1' ? '' : `CACHE ${options.cache}`,
    options.cycle ? 'CYCLE' : '',
  ].filter((clause) => clause !== '');
}

/** Every clause, also those at their default. */
export function allSequenceClauses(options: SequenceOptions): string {
  const { type, increment, min, max, start, cache, cycle } = options;
  return `AS ${type} INCREMENT BY ${increment} MINVALUE ${min} MAXVALUE ${max} START WITH ${start} CACHE ${cache} ${cycle ? 'CYCLE' : 'NO CYCLE'}`;
}
