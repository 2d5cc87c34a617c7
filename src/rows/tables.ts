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
  readonly foreignKeys: readonly ForeignKey[];
}

export interface StoredColumn {
  readonly name: string;
  readonly type: string;
  readonly default: string | null;
  readonly identity: 'always' | 'by default' | null;
}

/** A foreign key of one column; `references` is the other table's identity. */
export interface ForeignKey {
  readonly column: string;
  readonly references: string;
  readonly referencedColumn: string;
}

/** Tables and leaves of partitioned tables, by id. Partitioned tables themselves hold no rows. */
export function storedTables(catalog: Catalog): readonly StoredTable[] {
  const children = new Map<string, CatalogObject[]>();
  for (const object of catalog.objects) {
    const owner = object.kind === 'constraint' ? object.attributes.on : object.attributes.relation;
    if (object.kind !== 'constraint' && object.kind !== 'default') continue;
    const list = children.get(String(owner)) ?? [];
    list.push(object);
    children.set(String(owner), list);
  }
  return catalog.objects
    .filter((object) => object.kind === 'table' && object.attributes.partitionBy === undefined)
    .map((object) => storedTable(object, children.get(object.identity) ?? []));
}

function storedTable(object: CatalogObject, children: readonly CatalogObject[]): StoredTable {
  const defaults = new Map(
    children
      .filter((child) => child.kind === 'default')
      .map((child) => [child.name, String(child.attributes.expression)]),
  );
  const constraints = children.filter((child) => child.kind === 'constraint');
  const keys = (type: string): readonly (readonly string[])[] =>
    constraints.filter((child) => child.attributes.type === type).map((child) => names(child, 'columns'));
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
    foreignKeys: constraints
      .filter((child) => child.attributes.type === 'foreign key')
      .flatMap(simpleForeignKey),
  };
}

function identityOf({ identity, identityOfParent }: Column): StoredColumn['identity'] {
  if (identity?.always === true || identityOfParent === 'ALWAYS') return 'always';
  return identity === undefined && identityOfParent === undefined ? null : 'by default';
}

function simpleForeignKey(constraint: CatalogObject): readonly ForeignKey[] {
  const [column, ...more] = names(constraint, 'columns');
  const [referencedColumn] = names(constraint, 'referencedColumns');
  if (column === undefined || referencedColumn === undefined || more.length > 0) return [];
  return [{ column, references: String(constraint.attributes.references), referencedColumn }];
}

function names(constraint: CatalogObject, attribute: string): readonly string[] {
  return (constraint.attributes[attribute] ?? []) as readonly string[];
}

/** Identities of all sequences, those of identity columns included, in code point order. */
export function sequenceIdentities(catalog: Catalog): readonly string[] {
  const own = catalog.objects.filter((object) => object.kind === 'sequence').map((object) => object.identity);
  const identity = catalog.objects
    .filter((object) => object.kind === 'table')
    .flatMap((object) => (object.attributes.columns ?? []) as unknown as readonly Column[])
    .flatMap((column) => (column.identity === undefined ? [] : [column.identity.sequence]));
  return [...own, ...identity].sort();
}
