/**
 * An immutable map from small dense integers to ids: a 32-way radix tree with structural sharing. A change copies one
 * path, and a comparison skips the subtrees that two versions share, so that its cost is the difference.
 */

/** What a tree holds: numbers or strings, never arrays, by which inner nodes are told apart. */
export type TreeValue = number | string;

type Node<V extends TreeValue> = readonly (V | Node<V> | undefined)[];

const BITS = 5;
const WIDTH = 1 << BITS;
const MASK = WIDTH - 1;
/** Keys stay below 2^30, so that every shift stays within 32 bits. */
const KEY_MAX = 2 ** 30 - 1;

export interface Difference<V> {
  readonly key: number;
  readonly before: V | undefined;
  readonly after: V | undefined;
}

function isNode<V extends TreeValue>(slot: V | Node<V> | undefined): slot is Node<V> {
  return typeof slot === 'object';
}

function isEmpty(node: Node<TreeValue>): boolean {
  return node.every((slot) => slot === undefined);
}

/** `node` with `value` (or nothing) at `key`; the same object when that changes nothing. */
function withSlot<V extends TreeValue>(node: Node<V>, shift: number, key: number, value: V | undefined): Node<V> {
  const index = (key >>> shift) & MASK;
  const was = node[index];
  let next: V | Node<V> | undefined = value;
  if (shift > 0) {
    if (value === undefined && was === undefined) return node;
    const child = withSlot(isNode(was) ? was : [], shift - BITS, key, value);
    next = value === undefined && isEmpty(child) ? undefined : child;
  }
  if (was === next) return node;
  const copy = node.slice();
  while (copy.length < index) copy.push(undefined);
  copy[index] = next;
  return copy;
}

/** Calls `visit` for each key under `node`, in ascending order. */
function walk<V extends TreeValue>(node: Node<V>, shift: number, base: number, visit: (key: number, value: V) => void) {
  for (let index = 0; index < node.length; index += 1) {
    const slot = node[index];
    if (slot === undefined) continue;
    const key = base + index * 2 ** shift;
    if (isNode(slot)) walk(slot, shift - BITS, key, visit);
    else visit(key, slot);
  }
}

type VisitDifference<V> = (key: number, before: V | undefined, after: V | undefined) => void;

interface Place {
  readonly shift: number;
  readonly base: number;
}

function compare<V extends TreeValue>(left: Node<V>, right: Node<V>, place: Place, visit: VisitDifference<V>): void {
  const { shift, base } = place;
  const length = Math.max(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const before = left[index];
    const after = right[index];
    if (before === after) continue;
    const key = base + index * 2 ** shift;
    if (shift === 0) visit(key, before as V | undefined, after as V | undefined);
    else {
      const below = { shift: shift - BITS, base: key };
      compare(isNode(before) ? before : [], isNode(after) ? after : [], below, visit);
    }
  }
}

/** One version of a map. Methods that change it return another version. */
export class StateTree<V extends TreeValue> {
  readonly size: number;
  readonly #root: Node<V>;
  readonly #shift: number;

  private constructor(root: Node<V>, shift: number, size: number) {
    this.#root = root;
    this.#shift = shift;
    this.size = size;
  }

  /** The tree without keys. */
  static empty<V extends TreeValue>(): StateTree<V> {
    return new StateTree<V>([], 0, 0);
  }

  /** A tree of these entries; of equal keys the last one counts. */
  static from<V extends TreeValue>(entries: Iterable<readonly [key: number, value: V]>): StateTree<V> {
    let tree = StateTree.empty<V>();
    for (const [key, value] of entries) tree = tree.set(key, value);
    return tree;
  }

  /** The value at `key`; `undefined` when there is none. */
  get(key: number): V | undefined {
    if (key >>> this.#shift >= WIDTH) return undefined;
    let slot: V | Node<V> | undefined = this.#root;
    for (let shift = this.#shift; isNode(slot); shift -= BITS) slot = slot[(key >>> shift) & MASK];
    return slot;
  }

  /** A tree with `value` at `key`; this tree when it stands there already. */
  set(key: number, value: V): StateTree<V> {
    if (!Number.isInteger(key) || key < 0 || key > KEY_MAX) throw new RangeError(`key ${key}`);
    let root = this.#root;
    let shift = this.#shift;
    while (key >>> shift >= WIDTH) {
      root = root.length === 0 ? root : [root];
      shift += BITS;
    }
    const next = withSlot(root, shift, key, value);
    if (next === this.#root) return this;
    return new StateTree(next, shift, this.size + (this.get(key) === undefined ? 1 : 0));
  }

  /** A tree without `key`; this tree when it has none. */
  delete(key: number): StateTree<V> {
    if (this.get(key) === undefined) return this;
    return new StateTree(withSlot(this.#root, this.#shift, key, undefined), this.#shift, this.size - 1);
  }

  /** Calls `visit` for each entry, by ascending key. */
  forEach(visit: (key: number, value: V) => void): void {
    walk(this.#root, this.#shift, 0, visit);
  }

  /** All entries, by ascending key. */
  entries(): [key: number, value: V][] {
    const entries: [number, V][] = [];
    this.forEach((key, value) => entries.push([key, value]));
    return entries;
  }

  /** What changes from this tree to `other`, by ascending key; shared subtrees cost nothing. */
  diff(other: StateTree<V>): Difference<V>[] {
    const differences: Difference<V>[] = [];
    this.forEachDifference(other, (key, before, after) => differences.push({ key, before, after }));
    return differences;
  }

  /** Calls `visit` for each key whose value differs between this tree and `other`. */
  forEachDifference(other: StateTree<V>, visit: VisitDifference<V>): void {
    if (this.#root === other.#root) return;
    const shift = Math.max(this.#shift, other.#shift);
    compare(this.#lifted(shift), other.#lifted(shift), { shift, base: 0 }, visit);
  }

  /** The root as it would be in a tree of greater height. */
  #lifted(shift: number): Node<V> {
    let root = this.#root;
    for (let at = this.#shift; at < shift; at += BITS) root = root.length === 0 ? root : [root];
    return root;
  }
}
