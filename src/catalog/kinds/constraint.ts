import { quoteIdent, quoteQualified } from '../../database/sql.js';
import { address, type Kind, type KindRow, notLedger, userRow } from '../kind.js';
import { attributes, type CatalogObject } from '../model.js';
import { storageParameters } from '../options.js';

interface Constraint {
  readonly on: string;
  readonly onKind: 'TABLE' | 'FOREIGN TABLE' | 'DOMAIN';
  readonly type: 'primary key' | 'unique' | 'exclude' | 'foreign key' | 'check';
  readonly definition: string;
  /** Names of the constrained columns; for a foreign key also what they refer to. */
  readonly columns?: readonly string[];
  readonly references?: string;
  readonly referencedColumns?: readonly string[];
  /** It is there only because a parent table has it. */
  readonly inherited?: boolean;
  readonly indexOptions?: readonly string[];
  readonly tablespace?: string;
  /** The parent's constraint that this partition's own is attached to. */
  readonly attachTo?: string;
  readonly attachIndex?: string;
  readonly clustered?: boolean;
  readonly replicaIdentity?: boolean;
  readonly notValid?: boolean;
  readonly invalidIndex?: boolean;
}

interface Row extends KindRow, Constraint {
  readonly schema: string;
  readonly name: string;
  readonly identity: string;
  readonly host_class: number;
  readonly host_type: number;
  readonly index: number;
  readonly referenced: number;
  readonly partitioned: boolean;
}

const types = `CASE k.contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclude'
  WHEN 'f' THEN 'foreign key' ELSE 'check' END`;

/**
 * Constraints of tables and domains. A CHECK lies inside its table's or domain's own statement; keys
 * come after the rows, foreign keys last. NOT NULL belongs to its column.
 */
export const constraint: Kind<Row> = {
  name: 'constraint',
  catalog: 'pg_constraint',
  rank: 200,
  title: 'Constraints',
  rankOf: (object) => (object.attributes.type === 'foreign key' ? 220 : 200),
  noun: { comment: 'CONSTRAINT' },
  query: (scope) => `
    SELECT k.oid, n.nspname AS schema, k.conname AS name,
      coalesce(c.oid, 0) AS host_class, k.contypid AS host_type, k.conindid AS index, k.confrelid AS referenced,
      format('%I ON %s%I.%I', k.conname, CASE WHEN k.contypid <> 0 THEN 'DOMAIN ' ELSE '' END, n.nspname,
        coalesce(c.relname, t.typname)) AS identity,
      format('%I.%I', n.nspname, coalesce(c.relname, t.typname)) AS on, c.relkind = 'p' AS partitioned,
      CASE WHEN k.contypid <> 0 THEN 'DOMAIN' WHEN c.relkind = 'f' THEN 'FOREIGN TABLE' ELSE 'TABLE' END AS "onKind",
      (SELECT json_agg(a.attname ORDER BY u.at) FROM unnest(k.conkey) WITH ORDINALITY u (num, at)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.num) AS columns,
      CASE WHEN k.contype = 'f' THEN (SELECT format('%I.%I', fn.nspname, f.relname) FROM pg_class f
        JOIN pg_namespace fn ON fn.oid = f.relnamespace WHERE f.oid = k.confrelid) END AS "references",
      CASE WHEN k.contype = 'f' THEN (SELECT json_agg(a.attname ORDER BY u.at) FROM unnest(k.confkey) WITH ORDINALITY u (num, at)
        JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num) END AS "referencedColumns",
      ${types} AS type, pg_get_constraintdef(k.oid) AS definition, NOT k.convalidated AS "notValid",
      k.contype = 'c' AND NOT k.conislocal AND k.coninhcount > 0 AND NOT coalesce(c.relispartition, false) AS inherited,
      CASE WHEN k.contype IN ('p', 'u', 'x') THEN to_json(ic.reloptions) END AS "indexOptions",
      CASE WHEN k.contype IN ('p', 'u', 'x') THEN quote_ident(s.spcname) END AS tablespace,
      CASE WHEN k.contype IN ('p', 'u', 'x') AND k.conparentid <> 0
        THEN (SELECT format('%I.%I', xn.nspname, xc.relname) FROM pg_constraint xk JOIN pg_class xc ON xc.oid = xk.conindid
              JOIN pg_namespace xn ON xn.oid = xc.relnamespace WHERE xk.oid = k.conparentid) END AS "attachTo",
      CASE WHEN k.contype IN ('p', 'u', 'x') AND k.conparentid <> 0
        THEN format('%I.%I', n.nspname, ic.relname) END AS "attachIndex",
      CASE WHEN k.contype IN ('p', 'u', 'x') THEN i.indisclustered END AS clustered,
      CASE WHEN k.contype IN ('p', 'u', 'x') THEN i.indisreplident AND c.relreplident = 'i' END AS "replicaIdentity",
      CASE WHEN k.contype IN ('p', 'u', 'x') THEN NOT i.indisvalid END AS "invalidIndex"
    FROM pg_constraint k
    LEFT JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_type t ON t.oid = k.contypid AND k.contypid <> 0
    JOIN pg_namespace n ON n.oid = k.connamespace
    LEFT JOIN pg_class ic ON ic.oid = k.conindid LEFT JOIN pg_tablespace s ON s.oid = ic.reltablespace
    LEFT JOIN pg_index i ON i.indexrelid = k.conindid
    WHERE k.contype IN ('p', 'u', 'x', 'f', 'c') AND (k.contype <> 'f' OR k.conparentid = 0)
      AND ${userRow('k', 'pg_constraint')} AND coalesce(c.relpersistence, 'p') <> 't' AND ${notLedger('k.conrelid', scope)}
      AND k.conrelid NOT IN (SELECT objid FROM pg_depend WHERE classid = 1259 AND deptype = 'e' AND k.contype = 'c' AND NOT k.conislocal)`,
  map: (row) => {
    const host =
      row.host_type !== 0 ? address('pg_type', row.host_type) : address('pg_class', row.host_class);
    const isIndex = ['primary key', 'unique', 'exclude'].includes(row.type);
    return {
      schema: row.schema,
      name: row.name,
      identity: row.identity,
      attributes: attributes({
        on: row.on,
        onKind: row.onKind,
        type: row.type,
        definition: row.definition,
        columns: row.columns,
        references: row.references,
        referencedColumns: row.referencedColumns,
        inherited: row.inherited,
        notValid: row.notValid,
        indexOptions: row.indexOptions,
        tablespace: row.tablespace,
        attachTo: row.attachTo,
        attachIndex: row.attachIndex,
        clustered: row.clustered,
        replicaIdentity: row.replicaIdentity,
        invalidIndex: row.invalidIndex,
      }),
      requires: [host, ...(row.referenced === 0 ? [] : [address('pg_class', row.referenced)])],
      ...(row.type === 'check' && !row.notValid ? { host } : {}),
      ...(isIndex && row.index !== 0
        ? { parts: { [address('pg_class', row.index)]: `INDEX ${quoteQualified(row.schema, row.name)}` } }
        : {}),
    };
  },
  fold: (object) => ({ column: null, text: clause(object) }),
  create: (object) => {
    const values = object.attributes as unknown as Constraint;
    if (values.inherited === true) return [];
    const alter = `ALTER ${values.onKind} ${onlyFor(values)}${values.on}`;
    const index = `ALTER TABLE ${values.on}`;
    return [
      `${alter}\n  ADD ${clause(object)}`,
      ...(values.attachTo === undefined
        ? []
        : [`ALTER INDEX ${values.attachTo} ATTACH PARTITION ${values.attachIndex}`]),
      ...(values.clustered === true ? [`${index} CLUSTER ON ${quoteIdent(object.name)}`] : []),
      ...(values.replicaIdentity === true
        ? [`${index} REPLICA IDENTITY USING INDEX ${quoteIdent(object.name)}`]
        : []),
    ];
  },
  drop: (object) => {
    const values = object.attributes as unknown as Constraint;
    return values.type === 'foreign key'
      ? `ALTER TABLE ${values.on} DROP CONSTRAINT ${quoteIdent(object.name)}`
      : null;
  },
  deparsed: ['definition'],
  redefine: (object) => {
    const values = object.attributes as unknown as Constraint;
    const alter = `ALTER ${values.onKind} ${values.on}`;
    return {
      statements: [
        `${alter} DROP CONSTRAINT ${quoteIdent(object.name)} CASCADE`,
        `${alter} ADD ${clause(object)}`,
      ],
    };
  },
};

/** A foreign key of a partitioned table recurses by itself; every other constraint stands for its table alone. */
function onlyFor(values: Constraint): string {
  if (values.onKind === 'DOMAIN') return '';
  return values.type === 'foreign key' || values.type === 'check' ? '' : 'ONLY ';
}

/** `CONSTRAINT name PRIMARY KEY (id) WITH (fillfactor='70') DEFERRABLE`: index parameters precede deferrability. */
function clause(object: CatalogObject): string {
  const { definition, indexOptions, tablespace } = object.attributes as unknown as Constraint;
  const deferrable = / DEFERRABLE( INITIALLY DEFERRED)?$/.exec(definition)?.[0] ?? '';
  const head = definition.slice(0, definition.length - deferrable.length);
  const options = indexOptions === undefined ? '' : ` WITH (${storageParameters(indexOptions).join(', ')})`;
  const place = tablespace === undefined ? '' : ` USING INDEX TABLESPACE ${tablespace}`;
  return `CONSTRAINT ${quoteIdent(object.name)} ${head}${options}${place}${deferrable}`;
}
