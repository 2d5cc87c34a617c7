import { type Kind, type KindRow, userRow } from '../kind.js';
import { attributes } from '../model.js';
import { qualifiedName } from '../names.js';

interface Language {
  readonly trusted?: boolean;
  readonly handler?: string;
  readonly inline?: string;
  readonly validator?: string;
}

interface Row extends KindRow, Language {
  readonly name: string;
  readonly identity: string;
  readonly owner: number;
}

/** Procedural languages that no extension brings. */
export const language: Kind<Row> = {
  name: 'language',
  catalog: 'pg_language',
  rank: 22,
  title: 'Languages',
  noun: { comment: 'LANGUAGE', owner: 'LANGUAGE', grant: 'LANGUAGE' },
  query: () => `
    SELECT l.oid, l.lanname AS name, quote_ident(l.lanname) AS identity, l.lanowner AS owner, l.lanpltrusted AS trusted,
      ${qualifiedName('l.lanplcallfoid', 'pg_proc')} AS handler, ${qualifiedName('l.laninline', 'pg_proc')} AS inline,
      ${qualifiedName('l.lanvalidator', 'pg_proc')} AS validator
    FROM pg_language l WHERE ${userRow('l', 'pg_language')}`,
  map: (row) => ({
    schema: null,
    name: row.name,
    identity: row.identity,
    attributes: attributes({
      trusted: row.trusted,
      handler: row.handler,
      inline: row.inline,
      validator: row.validator,
    }),
  }),
  create: (object) => {
    const { trusted, handler, inline, validator } = object.attributes as Language;
    return [
      [
        `CREATE ${trusted === true ? 'TRUSTED ' : ''}LANGUAGE ${object.identity}`,
        ...(handler === undefined ? [] : [`HANDLER ${handler}`]),
        ...(inline === undefined ? [] : [`INLINE ${inline}`]),
        ...(validator === undefined ? [] : [`VALIDATOR ${validator}`]),
      ].join('\n  '),
    ];
  },
  drop: (object) => `DROP LANGUAGE ${object.identity}`,
};
