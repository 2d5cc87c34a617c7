import type { Column } from '../catalog/columns.js';
import { byCodePoint, type CatalogObject } from '../catalog/model.js';

/** Tables and views, and what leads from one to another: what a picture is drawn of. */
export interface Relations {
  readonly nodes: readonly RelationNode[];
  readonly links: readonly RelationLink[];
}

export interface RelationNode {
  /** Id in the catalog. */
  readonly id: string;
  readonly identity: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'view' | 'materialized view';
  readonly columns: readonly Column[];
  /** Partitions and their partitions, which have no node of their own. */
  readonly partitions: number;
}

export interface RelationLink {
  /** The one that refers or reads. */
  readonly from: string;
  readonly to: string;
  readonly kind: 'foreign key' | 'reads' | 'inherits';
  /** The referring columns of a foreign key. */
  readonly columns: readonly string[];
}

const nodeKinds: Readonly<Record<string, RelationNode['kind']>> = {
  table: 'table',
  'foreign table': 'table',
  view: 'view',
  'materialized view': 'materialized view',
};

/** What a catalog's objects say of relations; sorted, so that the same catalog gives the same picture. */
export function relationsOf(objects: readonly CatalogObject[]): Relations {
  const relations = objects.filter(({ kind }) => nodeKinds[kind] !== undefined);
  const byIdentity = new Map(relations.map((object) => [object.identity, object]));
  const rootOf = (object: CatalogObject): CatalogObject => {
    const parent = byIdentity.get(String(object.attributes.partitionOf ?? ''));
    return parent === undefined ? object : rootOf(parent);
  };
  const roots = relations.filter((object) => rootOf(object) === object);
  const partitions = new Map<string, number>();
  for (const object of relations) {
    const { id } = rootOf(object);
    if (id !== object.id) partitions.set(id, (partitions.get(id) ?? 0) + 1);
  }
  const at = (identity: unknown): string | null => {
    const object = byIdentity.get(String(identity ?? ''));
    return object === undefined ? null : rootOf(object).id;
  };
  const links = [...foreignKeys(objects, at), ...readings(relations, rootOf), ...heirs(relations, at)];
  return {
    nodes: roots
      .map((object) => ({
        id: object.id,
        identity: object.identity,
        schema: object.schema ?? '',
        name: object.name,
        kind: nodeKinds[object.kind] ?? 'table',
        columns: (object.attributes.columns ?? []) as unknown as readonly Column[],
        partitions: partitions.get(object.id) ?? 0,
      }))
      .sort((a, b) => byCodePoint(a.id, b.id)),
    links: distinct(links),
  };
}

type Place = (identity: unknown) => string | null;

function foreignKeys(objects: readonly CatalogObject[], at: Place): readonly RelationLink[] {
  return objects.flatMap(({ kind, attributes }): readonly RelationLink[] => {
    if (kind !== 'constraint' || attributes.type !== 'foreign key') return [];
    const [from, to] = [at(attributes.on), at(attributes.references)];
    if (from === null || to === null) return [];
    const columns = (attributes.columns ?? []) as unknown as readonly string[];
    return [{ from, to, kind: 'foreign key', columns }];
  });
}

function readings(
  relations: readonly CatalogObject[],
  rootOf: (object: CatalogObject) => CatalogObject,
): readonly RelationLink[] {
  const byId = new Map(relations.map((object) => [object.id, object]));
  return relations.flatMap(({ id, kind, requires }) => {
    if (nodeKinds[kind] === 'table') return [];
    return requires.flatMap((needed): readonly RelationLink[] => {
      const object = byId.get(needed);
      return object === undefined ? [] : [{ from: id, to: rootOf(object).id, kind: 'reads', columns: [] }];
    });
  });
}

function heirs(relations: readonly CatalogObject[], at: Place): readonly RelationLink[] {
  return relations.flatMap(({ id, attributes }) =>
    ((attributes.inherits ?? []) as unknown as readonly string[]).flatMap(
      (parent): readonly RelationLink[] => {
        const to = at(parent);
        return to === null ? [] : [{ from: id, to, kind: 'inherits', columns: [] }];
      },
    ),
  );
}

/** A partitioned table's key stands once for each pair of partitions. */
function distinct(links: readonly RelationLink[]): readonly RelationLink[] {
  const keyed = new Map(links.map((link) => [JSON.stringify(link), link]));
  return [...keyed].sort(([a], [b]) => byCodePoint(a, b)).map(([, link]) => link);
}
