import { SquashError } from './errors.js';
import type { Settings } from './settings/settings.js';

/** Leave to do away with what a database holds. */
export interface Confirmation {
  /** The database's name, as whoever asks for this has written it. */
  readonly confirmed: string | null;
  /** Asked for the name where none was given: a terminal's prompt. */
  readonly ask?: (database: string) => Promise<string>;
  /** Allows it under NODE_ENV=production too. */
  readonly allowProduction?: boolean;
}

/**
 * @param kept what is said of production: `whose database is not reset`.
 * @throws SquashError NOT_CONFIRMED in production without its own permission.
 */
export function refuseProduction(
  { environment }: Pick<Settings, 'environment'>,
  kept: string,
  { allowProduction }: Pick<Confirmation, 'allowProduction'>,
): void {
  const isProduction = process.env.NODE_ENV === 'production' || environment === 'production';
  if (!isProduction || allowProduction === true) return;
  throw new SquashError('NOT_CONFIRMED', `this is production, ${kept}`, {
    hint: 'If it shall be all the same: --allow-production.',
  });
}

/**
 * @param loss what may happen once it is confirmed: `everything in localhost:5432/app may be dropped`.
 * @throws SquashError NOT_CONFIRMED unless the database's name was given.
 */
export async function confirmName(
  database: string,
  loss: string,
  { confirmed, ask }: Confirmation,
): Promise<void> {
  const answer = confirmed ?? (await ask?.(database)) ?? null;
  if (answer === database) return;
  const given =
    answer === null ? 'nobody has confirmed that' : `"${answer}" is not the name of the database, so`;
  throw new SquashError('NOT_CONFIRMED', `${given} ${loss}`, {
    hint: `Nothing was touched. Confirm it by the database's name: --yes-really ${database}.`,
  });
}
