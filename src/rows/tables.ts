import type { Column } from '../catalog/columns.js';
import type { Catalog, CatalogObject } from '../catalog/model.js';

/** A relation that holds rows of its own, with what is needed to read, compare and write them. */
export interface StoredTable {
  /** Id of the catalog's object. */
  readonly id: string;
  /** `public.genes`, quoted as in SQL. */
  readonly identity: string;
  /** Columns that can be written: all but generated ones. */
  readonly columns: readonly StoredColumn[];
  readonly primaryKey: readonly string[] | null;
  /** Column lists of its other unique constraints. */
  readonly uniqueKeys: readonly (readonly string[])[];
  /** Its own, and as a partition those of the tables above it. */
  readonly foreignKeys: readonly ForeignKey[];
  /** Identities of the partitioned tables above it, the nearest first. */
  readonly partitionOf: readonly string[];
  /** Row-level security binds its owner too. */
  readonly forcesRowSecurity: boolean;
  /** Id of the object whose statement makes it: its own, or the extension that it belongs to. */
  readonly madeBy: string;
  /** Which of an extension's rows are the user's: `WHERE …`, or all. */
  readonly condition: string;
}

export interface StoredColumn {
  readonly name: string;
  readonly type: string;
  readonly default: string | null;
  readonly identity: 'always' | 'by default' | null;
}

/** A foreign key; `references` is the other table's identity, columns stand in pairs. */
export interface ForeignKey {
  readonly columns: readonly string[];
  readonly references: string;
  readonly referencedColumns: readonly string[];
}

/** What FROM reads a table's own rows by: none of its heirs', none that its extension brought. */
export function rowsOf({ identity, condition }: Pick<StoredTable, 'identity' | 'condition'>): string {
  return `ONLY ${identity}${condition === '' ? '' : ` ${condition}`}`;
}

/** Tables and leaves of partitioned tables, by id. Partitioned tables themselves hold no rows. */
export function storedTables(catalog: Catalog): readonly StoredTable[] {
  const children = childrenByTable(catalog);
  const tables = new Map(
    catalog.objects.filter(({ kind }) => kind === 'table').map((object) => [object.identity, object]),
  );
  return [...tables.values()]
    .filter((object) => object.attributes.partitionBy === undefined)
    .map((object) => storedTable(object, ancestors(object, tables), children));
}

type Children = ReadonlyMap<string, readonly CatalogObject[]>;

function childrenByTable(catalog: Catalog): Children {
  const children = new Map<string, CatalogObject[]>();
  for (const object of catalog.objects) {
    if (object.kind !== 'constraint' && object.kind !== 'default') continue;
    const owner = String(object.kind === 'constraint' ? object.attributes.on : object.attributes.relation);
    const list = children.get(owner) ?? [];
    list.push(object);
    children.set(owner, list);
  }
  return children;
}

function ancestors(object: CatalogObject, tables: ReadonlyMap<string, CatalogObject>): readonly string[] {
  const { partitionOf } = object.attributes;
  if (typeof partitionOf !== 'string') return [];
  const parent = tables.get(partitionOf);
  return [partitionOf, ...(parent === undefined ? [] : ancestors(parent, tables))];
}

function storedTable(object: CatalogObject, above: readonly string[], children: Children): StoredTable {
  const own = children.get(object.identity) ?? [];
  const defaults = new Map(
    own
      .filter((child) => child.kind === 'default')
      .map((child) => [child.name, String(child.attributes.expression)]),
  );
  const keys = (type: string): readonly (readonly string[])[] =>
    constraintsOf(own, type).map((child) => names(child, 'columns'));
  return {
    id: object.id,
    identity: object.identity,
    columns: ((object.attributes.columns ?? []) as unknown as readonly Column[])
      .filter((column) => column.generated === undefined)
      .map((column) => ({
        name: column.name,
        type: column.type,
        default: defaults.get(column.name) ?? null,
        identity: identityOf(column),
      })),
    primaryKey: keys('primary key')[0] ?? null,
    uniqueKeys: keys('unique'),
    foreignKeys: [object.identity, ...above].flatMap((identity) =>
      constraintsOf(children.get(identity) ?? [], 'foreign key').map(foreignKey),
    ),
    partitionOf: above,
    forcesRowSecurity: object.attributes.forceRowSecurity === true,
    madeBy: object.id,
    condition: '',
  };
}

function identityOf({ identity, identityOfParent }: Column): StoredColumn['identity'] {
  if (identity?.always === true || identityOfParent === 'ALWAYS') return 'always';
  return identity === undefined && identityOfParent === undefined ? null : 'by default';
}

function constraintsOf(children: readonly CatalogObject[], type: string): readonly CatalogObject[] {
  return children.filter((child) => child.kind === 'constraint' && child.attributes.type === type);
}

function foreignKey(constraint: CatalogObject): ForeignKey {
  return {
    columns: names(constraint, 'columns'),
    references: String(constraint.attributes.references),
    referencedColumns: names(constraint, 'referencedColumns'),
  };
}

function names(constraint: CatalogObject, attribute: string): readonly string[] {
  return (constraint.attributes[attribute] ?? []) as readonly string[];
}

/** Identities of all sequences, those of identity columns included, in code point order. */
export function sequenceIdentities(catalog: Catalog): readonly string[] {
  const own = catalog.objects.filter((object) => object.kind === 'sequence').map((object) => object.identity);
  return [...own, ...identitySequences(catalog).map(({ sequence }) => sequence)].sort();
}

/** Sequences that go with a table: of its identity columns, and those that a column owns. */
export function sequencesByTable(catalog: Catalog): ReadonlyMap<string, string> {
  const tables = catalog.objects.filter((object) => object.kind === 'table');
  const owned = catalog.objects
    .filter((object) => object.kind === 'sequence' && object.attributes.ownedBy !== undefined)
    .flatMap((object) => {
      const column = String(object.attributes.ownedBy);
      const owner = tables.find(({ identity }) => column.startsWith(`${identity}.`));
      return owner === undefined ? [] : [[object.identity, owner.identity] as const];
    });
  return new Map([
    ...owned,
    ...identitySequences(catalog).map(({ sequence, table }) => [sequence, table] as const),
  ]);
}

function identitySequences(
  catalog: Catalog,
): readonly { readonly sequence: string; readonly table: string }[] {
  return catalog.objects
    .filter((object) => object.kind === 'table')
    .flatMap(({ identity, attributes }) =>
      ((attributes.columns ?? []) as unknown as readonly Column[]).flatMap((column) =>
        column.identity === undefined ? [] : [{ sequence: column.identity.sequence, table: identity }],
      ),
    );
}
