/** What each node needs before it; every name in the lists is a node. */
export type Graph = ReadonlyMap<string, readonly string[]>;

interface Visit {
  readonly node: string;
  next: number;
}

/**
 * Strongly connected components (Tarjan 1972), without recursion: ten thousand objects in a row
 * would overflow the stack. Linear in nodes and edges.
 */
export function components(graph: Graph): readonly (readonly string[])[] {
  const order = new Map<string, number>();
  const low = new Map<string, number>();
  const open: string[] = [];
  const isOpen = new Set<string>();
  const found: string[][] = [];
  const enter = (node: string): Visit => {
    order.set(node, order.size);
    low.set(node, order.size - 1);
    open.push(node);
    isOpen.add(node);
    return { node, next: 0 };
  };
  const lower = (node: string, value: number): void => {
    low.set(node, Math.min(low.get(node) ?? 0, value));
  };
  const close = (node: string): void => {
    const members: string[] = [];
    let member: string | undefined;
    do {
      member = open.pop();
      if (member === undefined) break;
      isOpen.delete(member);
      members.push(member);
    } while (member !== node);
    found.push(members);
  };
  for (const root of graph.keys()) {
    if (order.has(root)) continue;
    const path = [enter(root)];
    while (path.length > 0) {
      const visit = path[path.length - 1] as Visit;
      const target = graph.get(visit.node)?.[visit.next++];
      if (target === undefined) {
        path.pop();
        const parent = path[path.length - 1];
        if (parent !== undefined) lower(parent.node, low.get(visit.node) ?? 0);
        if (low.get(visit.node) === order.get(visit.node)) close(visit.node);
      } else if (!order.has(target)) {
        path.push(enter(target));
      } else if (isOpen.has(target)) {
        lower(visit.node, order.get(target) ?? 0);
      }
    }
  }
  return found;
}

/**
 * The nodes so that each comes after what it needs and, where that leaves a choice, in the order of
 * `compare`. The graph must have no cycle. O((n + e) log n), by a binary heap.
 */
export function topological(graph: Graph, compare: (a: string, b: string) => number): readonly string[] {
  const missing = new Map<string, number>();
  const dependants = new Map<string, string[]>();
  for (const [node, needs] of graph) {
    missing.set(node, needs.length);
    for (const need of needs) {
      const list = dependants.get(need);
      if (list === undefined) dependants.set(need, [node]);
      else list.push(node);
    }
  }
  const heap: string[] = [];
  for (const [node, count] of missing) if (count === 0) push(heap, node, compare);
  const sorted: string[] = [];
  for (let node = pop(heap, compare); node !== undefined; node = pop(heap, compare)) {
    sorted.push(node);
    for (const dependant of dependants.get(node) ?? []) {
      const count = (missing.get(dependant) ?? 0) - 1;
      missing.set(dependant, count);
      if (count === 0) push(heap, dependant, compare);
    }
  }
  return sorted;
}

function push(heap: string[], value: string, compare: (a: string, b: string) => number): void {
  let at = heap.length;
  heap.push(value);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (compare(heap[parent] as string, value) <= 0) break;
    heap[at] = heap[parent] as string;
    at = parent;
  }
  heap[at] = value;
}

function pop(heap: string[], compare: (a: string, b: string) => number): string | undefined {
  const top = heap[0];
  const last = heap.pop();
  if (top === undefined || last === undefined || heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && compare(heap[child + 1] as string, heap[child] as string) < 0) child += 1;
    if (compare(heap[child] as string, last) >= 0) break;
    heap[at] = heap[child] as string;
    at = child;
  }
  heap[at] = last;
  return top;
}
