import type { Server } from '../database/server.js';
import { isSquashError } from '../errors.js';
import { failpoint } from '../failpoint.js';
import { withKnex } from '../history/connect.js';
import { explainingFailures } from '../history/failure.js';
import { openMigrator } from '../history/migrator.js';
import { ledgerSettings } from './examine.js';
import { executedOf, type Journey, missingOf } from './gate.js';

export interface CatchUp {
  readonly server: Pick<Server, 'target'>;
  readonly onRun?: (name: string) => void;
}

/**
 * Runs the archived originals that a database lacks, each in a transaction of its own together with
 * its ledger row: cut off in between, it is as far as its ledger says.
 *
 * @returns their names; none of those that another process ran meanwhile.
 */
export async function catchUp({ server, onRun }: CatchUp, journey: Journey): Promise<readonly string[]> {
  const settings = ledgerSettings(journey.project.settings);
  const migrations = [...(await executedOf(journey)), ...(await missingOf(journey))];
  try {
    return await withKnex(server.target, journey.project.settings, async (knex) => {
      const migrator = openMigrator({ knex, settings, migrations, transaction: 'each' });
      migrator.on('migrated', ({ name }) => onRun?.(name));
      const ran = await explainingFailures(knex, () => migrator.up());
      failpoint('catch-up.finished');
      return ran.map(({ name }) => name);
    });
  } catch (error) {
    // Another process was faster and has stamped the database already, in the midst of this or before
    // it began: the caller looks again.
    if (isSquashError(error) && ['LEDGER_CHANGED', 'LEDGER_MISMATCH'].includes(error.code)) return [];
    throw error;
  }
}
