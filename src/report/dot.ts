import { byCodePoint } from '../catalog/model.js';
import type { RelationLink, RelationNode, Relations } from './relations.js';

/** A picture to be drawn: the graph in Graphviz's language, and what its nodes are called. */
export interface Drawing {
  readonly title: string;
  readonly description: string;
  /** Ways to draw it, of which the one that fits best is taken. */
  readonly ways: readonly Way[];
  /** What is said of each node where a pointer rests on it. */
  readonly titles: ReadonlyMap<string, string>;
}

/** A graph, and the layout that Graphviz is to give it. */
export interface Way {
  readonly engine: 'dot' | 'sfdp';
  readonly dot: string;
}

/** More relations than this don't fit on one picture: then each schema has its own. */
const mostNodes = 150;

/** Of more schemas than this only the biggest are drawn. */
const mostSchemas = 12;

/** Layers are laid out in a blink up to so many links, and can be read up to fewer; then springs do better. */
const layered = { affordable: 220, readable: 120 };

/**
 * Pictures of tables and views: one where they fit, else one of the schemas and one for each schema.
 * Relations that nothing leads to or from are left to the list of names in a picture of many.
 *
 * @param keyOf the anchor at which the page lists an object, by its id.
 */
export function drawings(relations: Relations, keyOf: ReadonlyMap<string, string>): readonly Drawing[] {
  const { nodes } = relations;
  if (nodes.length === 0) return [];
  if (nodes.length <= mostNodes) return [drawAll('Tables and views', relations, keyOf)];
  const schemas = [...new Set(nodes.map(({ schema }) => schema))].sort(byCodePoint);
  const size = (schema: string): number => nodes.filter((node) => node.schema === schema).length;
  const biggest = [...schemas].sort((a, b) => size(b) - size(a)).slice(0, mostSchemas);
  const each = biggest
    .sort(byCodePoint)
    .map((schema) => drawAll(`Schema ${schema}`, within(relations, schema), keyOf));
  return schemas.length === 1 ? each : [drawSchemas(relations, schemas), ...each];
}

/** What lies in one schema, and the most connected of it where that is too much. */
function within({ nodes, links }: Relations, schema: string): Relations {
  const own = nodes.filter((node) => node.schema === schema);
  const ids = new Set(own.map(({ id }) => id));
  const inside = links.filter(({ from, to }) => ids.has(from) && ids.has(to));
  if (own.length <= mostNodes) return { nodes: own, links: inside };
  const degree = new Map<string, number>();
  for (const { from, to } of inside) {
    for (const id of [from, to]) degree.set(id, (degree.get(id) ?? 0) + 1);
  }
  const ranked = own
    .filter(({ id }) => degree.has(id))
    .sort((a, b) => (degree.get(b.id) ?? 0) - (degree.get(a.id) ?? 0) || byCodePoint(a.id, b.id))
    .slice(0, mostNodes);
  const kept = new Set(ranked.map(({ id }) => id));
  return {
    nodes: own.filter(({ id }) => kept.has(id)),
    links: inside.filter(({ from, to }) => kept.has(from) && kept.has(to)),
  };
}

function drawAll(title: string, { nodes, links }: Relations, keyOf: ReadonlyMap<string, string>): Drawing {
  const names = new Map(nodes.map(({ id }, at) => [id, `n${at}`]));
  const schemas = [...new Set(nodes.map(({ schema }) => schema))].sort(byCodePoint);
  const groups = schemas.map((schema, at) => {
    const own = nodes.filter((node) => node.schema === schema);
    const lines = own.map((node) => nodeLine(names.get(node.id) ?? '', node, keyOf.get(node.id)));
    if (schemas.length === 1) return lines.join('\n');
    return `subgraph cluster_${at} { label=${quoted(schema)} style=rounded margin=14\n${lines.join('\n')} }`;
  });
  const edges = merged(links).map((link) => edgeLine(names, link));
  const count = (kind: RelationLink['kind']): number => links.filter((link) => link.kind === kind).length;
  return {
    title,
    description: `${nodes.length} tables and views. A solid line is a foreign key (${count('foreign key')}), a dashed one leads from a view to what it reads (${count('reads')}). Tables are square, views round, materialized views thickly framed.`,
    ways: waysOf([...groups, ...edges], edges.length),
    titles: new Map(
      nodes.map((node) => [names.get(node.id) ?? '', `${node.kind} ${node.identity}`] as const),
    ),
  };
}

function drawSchemas({ nodes, links }: Relations, schemas: readonly string[]): Drawing {
  const names = new Map(schemas.map((schema, at) => [schema, `n${at}`]));
  const schemaOf = new Map(nodes.map(({ id, schema }) => [id, schema]));
  const counts = new Map<string, number>();
  for (const { from, to } of links) {
    const pair = JSON.stringify([schemaOf.get(from), schemaOf.get(to)]);
    if (schemaOf.get(from) !== schemaOf.get(to)) counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  const lines = schemas.map((schema) => {
    const size = nodes.filter((node) => node.schema === schema).length;
    return `${names.get(schema)} [class="kind-table" shape=box style="rounded,filled" label=${quoted(schema, `${size} tables and views`)}]`;
  });
  const edges = [...counts].map(([pair, count]) => {
    const [from, to] = JSON.parse(pair) as readonly [string, string];
    return `${names.get(from)} -> ${names.get(to)} [label="${count}"]`;
  });
  return {
    title: 'Schemas',
    description: `${schemas.length} schemas; a line counts the foreign keys and views that lead from one to another.`,
    ways: waysOf([...lines, ...edges], edges.length),
    titles: new Map(schemas.map((schema) => [names.get(schema) ?? '', `schema ${schema}`] as const)),
  };
}

function waysOf(lines: readonly string[], links: number): readonly Way[] {
  const layers = ['LR', 'TB'].map(
    (direction): Way => ({
      engine: 'dot',
      dot: graph(
        `rankdir=${direction} nodesep=0.16 ranksep=0.6 pack=18 nslimit=2 nslimit1=2 mclimit=0.5`,
        lines,
      ),
    }),
  );
  const springs: Way = { engine: 'sfdp', dot: graph('overlap=prism overlap_scaling=-3 splines=line', lines) };
  if (links > layered.affordable) return [springs];
  return links > layered.readable ? [...layers, springs] : layers;
}

function graph(layout: string, lines: readonly string[]): string {
  return `digraph relations {
graph [${layout} outputorder=edgesfirst bgcolor=transparent fontname="Arial" fontsize=11]
node [fontname="Arial" fontsize=11 height=0.34 margin="0.16,0.06" penwidth=1]
edge [fontname="Arial" fontsize=9 arrowsize=0.55 penwidth=0.9]
${lines.join('\n')}
}
`;
}

const looks: Readonly<Record<RelationNode['kind'], string>> = {
  table: 'class="kind-table" shape=box style="filled"',
  view: 'class="kind-view" shape=box style="rounded,filled"',
  'materialized view': 'class="kind-matview" shape=box style="filled" penwidth=2.4',
};

function nodeLine(name: string, node: RelationNode, key: string | undefined): string {
  const more = node.partitions === 0 ? [] : [`${node.partitions} partitions`];
  const link = key === undefined ? '' : ` URL="#${key}"`;
  return `${name} [${looks[node.kind]} label=${quoted(node.name, ...more)}${link}]`;
}

function edgeLine(names: ReadonlyMap<string, string>, { from, to, kind }: RelationLink): string {
  const look = kind === 'foreign key' ? 'solid' : kind === 'reads' ? 'dashed' : 'dotted';
  return `${names.get(from)} -> ${names.get(to)} [style=${look}]`;
}

/** Several foreign keys between the same two tables are one line. */
function merged(links: readonly RelationLink[]): readonly RelationLink[] {
  return [...new Map(links.map((link) => [`${link.from}\u0000${link.to}\u0000${link.kind}`, link])).values()];
}

/** Names longer than this would make a picture of their own. */
const longestLabel = 44;

/** A label in Graphviz's language, each line centred; nothing in a name means anything to it. */
function quoted(...lines: readonly string[]): string {
  const safe = lines.map((line) => {
    const short =
      [...line].length > longestLabel ? `${[...line].slice(0, longestLabel - 1).join('')}…` : line;
    return short
      .replaceAll(/\p{Cc}/gu, '\uFFFD')
      .replaceAll('&', '&amp;')
      .replaceAll('\\', '\\\\')
      .replaceAll('"', '\\"');
  });
  return `"${safe.join('\\n')}"`;
}
