import { quoteLiteral } from '../../database/sql.js';
import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { functionSignature } from '../names.js';

interface EventTrigger {
  readonly event: string;
  readonly tags?: readonly string[];
  readonly function: string;
  readonly state?: string;
}

interface Row extends KindRow, EventTrigger {
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
}

/** Event triggers: the very last, since they would see the baseline itself being built. */
export const eventTrigger: Kind<Row> = {
  name: 'event trigger',
  catalog: 'pg_event_trigger',
  rank: 950,
  title: 'Event triggers',
  noun: { comment: 'EVENT TRIGGER', owner: 'EVENT TRIGGER' },
  query: () => `
    SELECT e.oid, e.evtname AS name, quote_ident(e.evtname) AS identity, e.evtowner AS owner, e.evtevent AS event,
      to_json(e.evttags) AS tags, ${functionSignature('e.evtfoid')} AS function,
      CASE e.evtenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' WHEN 'A' THEN 'ENABLE ALWAYS' END AS state
    FROM pg_event_trigger e
    WHERE ${userRow('e', 'pg_event_trigger')}`,
  map: (row) => ({
    schema: null,
    name: row.name,
    identity: row.identity,
    attributes: attributes({ event: row.event, tags: row.tags, function: row.function, state: row.state }),
  }),
  create: (object) => {
    const { event, tags, function: called, state } = object.attributes as unknown as EventTrigger;
    return [
      [
        `CREATE EVENT TRIGGER ${object.identity} ON ${event}`,
        ...(tags === undefined ? [] : [`WHEN TAG IN (${tags.map((tag) => quoteLiteral(tag)).join(', ')})`]),
        `EXECUTE FUNCTION ${called}`,
      ].join('\n  '),
      ...(state === undefined ? [] : [`ALTER EVENT TRIGGER ${object.identity} ${state}`]),
    ];
  },
  drop: (object) => `DROP EVENT TRIGGER ${object.identity}`,
};
