import type { Window } from './volatile.js';

/** How a value that differs between replays is a time: the replay's own, or one that moves along with it. */
export type TimeKind = 'now' | 'moving';

const quarterHour = 15 * 60_000;

/** Milliseconds by which a moment may miss its replay: some are cut to seconds. */
const slack = 1000;

/** A moment in milliseconds since 1970, and whether its text says which zone it is of. */
export interface Moment {
  readonly time: number;
  readonly zoned: boolean;
}

/**
 * Whether both values are moments that lie as far apart as the replays did: a timestamp, an epoch in
 * seconds to microseconds, a text in ISO style, or JSON in which nothing else differs.
 *
 * @param type as the catalog prints it.
 */
export function timeKind(
  type: string,
  first: string,
  second: string,
  [one, two]: readonly [Window, Window],
): TimeKind | null {
  if (/^jsonb?$/.test(type) || /^[[{]/.test(first)) return jsonTimeKind(first, second, [one, two]);
  const [a, b] = [momentOf(first), momentOf(second)];
  if (a === null || b === null) return null;
  if (isWithin(a, one) && isWithin(b, two)) return 'now';
  const apart = b.time - a.time;
  const isMoving = apart >= two.start - one.end - slack && apart <= two.end - one.start + slack;
  return isMoving ? 'moving' : null;
}

/** The moment that a text tells, or null. */
export function momentOf(text: string): Moment | null {
  if (/^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?( ?(Z|[+-]\d\d(:?\d\d)?))?$/.test(text)) {
    const zone = /(Z|[+-]\d\d(:?\d\d)?)$/.exec(text.slice(10))?.[0];
    const iso = text.replace(' ', 'T').replace(/ /g, '');
    const full =
      zone === undefined ? `${iso}${iso.includes('T') ? 'Z' : ''}` : iso.replace(/([+-]\d\d)$/, '$1:00');
    const time = Date.parse(full);
    return Number.isNaN(time) ? null : { time, zoned: zone !== undefined };
  }
  if (!/^\d{10,17}(\.\d+)?$/.test(text)) return null;
  const digits = text.replace(/\..*/, '').length;
  const scale = digits <= 11 ? 1000 : digits <= 14 ? 1 : 0.001;
  return { time: Number(text) * scale, zoned: true };
}

/** A time without a zone may be off by whole quarters of hours. */
function isWithin({ time, zoned }: Moment, { start, end }: Window): boolean {
  const distance = Math.round((time - start) / quarterHour) * quarterHour;
  const offset = zoned || Math.abs(distance) > 15 * 4 * quarterHour ? 0 : distance;
  return time - offset >= start - slack && time - offset <= end + slack;
}

function jsonTimeKind(first: string, second: string, windows: readonly [Window, Window]): TimeKind | null {
  try {
    const kinds = [...leafKinds(JSON.parse(first), JSON.parse(second), windows)];
    if (kinds.length === 0 || kinds.includes(null)) return null;
    return kinds.every((kind) => kind === 'now') ? 'now' : 'moving';
  } catch {
    return null;
  }
}

/** One for each leaf that differs; null where the shapes do. */
function* leafKinds(a: unknown, b: unknown, windows: readonly [Window, Window]): Generator<TimeKind | null> {
  if (a === b) return;
  if (typeof a === 'object' && typeof b === 'object' && a !== null && b !== null) {
    const names = new Set([...Object.keys(a), ...Object.keys(b)]);
    for (const name of names) {
      yield* leafKinds((a as Record<string, unknown>)[name], (b as Record<string, unknown>)[name], windows);
    }
    return;
  }
  const isText = ['string', 'number'].includes(typeof a) && typeof a === typeof b;
  yield isText ? timeKind('text', String(a), String(b), windows) : null;
}
