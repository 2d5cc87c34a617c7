import type { CatalogObject } from '../catalog/model.js';
import { type RelationLink, type RelationNode, relationsOf } from './relations.js';

/** Pages that show Mermaid give up on larger texts (its `maxTextSize` and `maxEdges`). */
const limits = { characters: 45_000, tablesWithColumns: 60, lines: 450 };

/**
 * An entity-relationship diagram of the tables, as a fenced Mermaid block; without columns where the
 * tables are many, and null where there is no table or the diagram would be more than pages draw.
 */
export function erDiagram(objects: readonly CatalogObject[]): string | null {
  const relations = relationsOf(objects);
  const nodes = relations.nodes.filter(({ kind }) => kind === 'table');
  const keys = keysOf(objects);
  const names = new Map(nodes.map(({ id }, at) => [id, `t${at + 1}`]));
  const links = relations.links.filter(({ kind }) => kind === 'foreign key');
  if (nodes.length === 0 || links.length > limits.lines) return null;
  const detailed = nodes.length <= limits.tablesWithColumns;
  const lines = [
    'erDiagram',
    ...nodes.map((node) =>
      entity(names.get(node.id) ?? '', node, detailed ? columns(node, keys, links) : []),
    ),
    ...links.map((link) => relationship(link, names, nodes, keys)),
  ];
  const text = lines.join('\n');
  return text.length > limits.characters ? null : ['```mermaid', text, '```'].join('\n');
}

type Keys = ReadonlyMap<string, readonly { readonly type: string; readonly columns: readonly string[] }[]>;

/** Primary keys and unique constraints by the table's identity. */
function keysOf(objects: readonly CatalogObject[]): Keys {
  const found = new Map<string, { type: string; columns: readonly string[] }[]>();
  for (const { kind, attributes } of objects) {
    const { type, on, columns: own } = attributes;
    if (kind !== 'constraint' || (type !== 'primary key' && type !== 'unique')) continue;
    const key = { type, columns: (own ?? []) as unknown as readonly string[] };
    found.set(String(on), [...(found.get(String(on)) ?? []), key]);
  }
  return found;
}

function entity(alias: string, { identity }: RelationNode, body: readonly string[]): string {
  const head = `  ${alias}["${label(identity)}"]`;
  return body.length === 0 ? head : `${head} {\n${body.map((line) => `    ${line}`).join('\n')}\n  }`;
}

function columns(node: RelationNode, keys: Keys, links: readonly RelationLink[]): readonly string[] {
  const own = keys.get(node.identity) ?? [];
  const referring = new Set(links.filter(({ from }) => from === node.id).flatMap((link) => link.columns));
  return node.columns.map(({ name, type }) => {
    const marks = [
      ...(own.some((key) => key.type === 'primary key' && key.columns.includes(name)) ? ['PK'] : []),
      ...(referring.has(name) ? ['FK'] : []),
      ...(own.some(
        ({ type: kind, columns: [only, ...more] }) => kind === 'unique' && more.length === 0 && only === name,
      )
        ? ['UK']
        : []),
    ];
    return [word(type), word(name), marks.join(', ')].join(' ').trimEnd();
  });
}

function relationship(
  link: RelationLink,
  names: ReadonlyMap<string, string>,
  nodes: readonly RelationNode[],
  keys: Keys,
): string {
  const from = nodes.find(({ id }) => id === link.from);
  const isOptional = link.columns.some(
    (name) => from?.columns.find((column) => column.name === name)?.notNull !== true,
  );
  const isUnique = (keys.get(from?.identity ?? '') ?? []).some(
    (key) => key.columns.every((name) => link.columns.includes(name)) && key.columns.length > 0,
  );
  const parent = isOptional ? '|o' : '||';
  const child = isUnique ? 'o|' : 'o{';
  return `  ${names.get(link.to)} ${parent}--${child} ${names.get(link.from)} : "${label(link.columns.join(', '))}"`;
}

/** Mermaid takes letters, digits, `_`, `-`, `()` and `[]` in types and columns, from a letter on. */
function word(text: string): string {
  const plain = text.replaceAll(/[^\w()[\]-]+/g, '_');
  return /^[A-Za-z_]/.test(plain) ? plain : `_${plain}`;
}

/** What may stand between double quotes there, and can't end the block. */
function label(text: string): string {
  return text.replaceAll(/["`\\%{}<>[\]#;&]|\p{Cc}/gu, (character) => (character === '"' ? "'" : '_'));
}
