import type { CatalogObject } from '../catalog/model.js';

/**
 * Objects that bear the day of the replay in their name, such as `table public.events_20261126`, where no
 * migration spells that day out: on another day the history gives them another name. Two replays
 * on one day don't show it.
 *
 * @param times milliseconds since 1970 at which the replays ran.
 * @param texts the sources of the migrations.
 */
export function datedObjects(
  objects: readonly Pick<CatalogObject, 'id' | 'kind'>[],
  times: readonly number[],
  texts: readonly string[],
): readonly string[] {
  const days = new Set(times.flatMap((time) => spellings(new Date(time))));
  const unsaid = [...days].filter((day) => !texts.some((text) => text.includes(day)));
  return objects.filter(({ id }) => unsaid.some((day) => id.includes(day))).map(({ id }) => id);
}

/** By UTC and by this machine's clock. */
function spellings(time: Date): readonly string[] {
  const two = (value: number): string => String(value).padStart(2, '0');
  const parts = [
    [time.getUTCFullYear(), time.getUTCMonth() + 1, time.getUTCDate()],
    [time.getFullYear(), time.getMonth() + 1, time.getDate()],
  ].map(([year = 0, month = 0, day = 0]) => [String(year), two(month), two(day)]);
  return parts.flatMap((each) => ['', '_', '-'].map((separator) => each.join(separator)));
}
