/** What each node needs before it, in an order of its own; every name in the lists is a node. */
export type Graph = ReadonlyMap<string, readonly string[]>;

/** A graph whose nodes are the numbers of their places in a list: hashing long names again and again is what costs. */
interface Numbered {
  readonly nodes: readonly string[];
  readonly needs: readonly (readonly number[])[];
}

/** No node: what a list names and the graph doesn't have. */
const unknown = -1;

function numbered(graph: Graph): Numbered {
  const nodes = [...graph.keys()];
  const places = new Map(nodes.map((node, at) => [node, at]));
  return {
    nodes,
    needs: nodes.map((node) => (graph.get(node) ?? []).map((need) => places.get(need) ?? unknown)),
  };
}

interface Visit {
  readonly node: number;
  next: number;
}

/**
 * Strongly connected components (Tarjan 1972), without recursion: ten thousand objects in a row
 * would overflow the stack. Linear in nodes and edges.
 */
export function components(graph: Graph): readonly (readonly string[])[] {
  const { nodes, needs } = numbered(graph);
  const order = new Int32Array(nodes.length).fill(unknown);
  const low = new Int32Array(nodes.length);
  const isOpen = new Uint8Array(nodes.length);
  const open: number[] = [];
  const found: string[][] = [];
  let entered = 0;
  const enter = (node: number): Visit => {
    order[node] = low[node] = entered++;
    isOpen[node] = 1;
    open.push(node);
    return { node, next: 0 };
  };
  const lower = (node: number, value: number): void => {
    low[node] = Math.min(low[node] as number, value);
  };
  const close = (node: number): void => {
    const members = open.splice(open.lastIndexOf(node));
    for (const member of members) isOpen[member] = 0;
    found.push(members.reverse().map((member) => nodes[member] as string));
  };
  for (let root = 0; root < nodes.length; root++) {
    if (order[root] !== unknown) continue;
    const path = [enter(root)];
    while (path.length > 0) {
      const visit = path[path.length - 1] as Visit;
      const target = needs[visit.node]?.[visit.next++];
      if (target === undefined) {
        path.pop();
        const parent = path[path.length - 1];
        if (parent !== undefined) lower(parent.node, low[visit.node] as number);
        if (low[visit.node] === order[visit.node]) close(visit.node);
      } else if (order[target] === unknown) {
        path.push(enter(target));
      } else if (isOpen[target] === 1) {
        lower(visit.node, order[target] as number);
      }
    }
  }
  return found;
}

/**
 * The nodes so that each comes after what it needs and, where that leaves a choice, in the graph's own
 * order; nodes of a cycle, and what needs them, are left out. O((n + e) log n), by a binary heap.
 */
export function topological(graph: Graph): readonly string[] {
  const { nodes, needs } = numbered(graph);
  const missing = Int32Array.from(needs, (list) => list.length);
  const dependants = nodes.map((): number[] => []);
  for (const [node, list] of needs.entries()) for (const need of list) dependants[need]?.push(node);
  const heap: number[] = [];
  for (const [node, count] of missing.entries()) if (count === 0) push(heap, node);
  const sorted: string[] = [];
  for (let node = pop(heap); node !== undefined; node = pop(heap)) {
    sorted.push(nodes[node] as string);
    for (const dependant of dependants[node] as number[]) {
      missing[dependant] = (missing[dependant] as number) - 1;
      if (missing[dependant] === 0) push(heap, dependant);
    }
  }
  return sorted;
}

function push(heap: number[], value: number): void {
  let at = heap.length;
  heap.push(value);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if ((heap[parent] as number) <= value) break;
    heap[at] = heap[parent] as number;
    at = parent;
  }
  heap[at] = value;
}

function pop(heap: number[]): number | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child += 1;
    if ((heap[child] as number) >= last) break;
    heap[at] = heap[child] as number;
    at = child;
  }
  heap[at] = last;
  return top;
}
