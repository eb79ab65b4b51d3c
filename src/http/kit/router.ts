/**
 * A trie over path segments. Routes are matched whole, on the raw path: nothing is normalised, so that
 * `/../` or an encoded slash never reaches another route (adv-095, adv-096).
 */
import { MatrixError } from '../../matrix/errors.ts';
import type { Route } from './route.ts';

interface Node<Caller> {
  readonly children: Map<string, Node<Caller>>;
  parameter: Node<Caller> | undefined;
  readonly routes: Map<string, { route: Route<Caller>; names: readonly string[] }>;
}

export interface Match<Caller> {
  readonly route: Route<Caller>;
  readonly path: Readonly<Record<string, string>>;
}

function emptyNode<Caller>(): Node<Caller> {
  return { children: new Map(), parameter: undefined, routes: new Map() };
}

export class Router<Caller> {
  readonly #root = emptyNode<Caller>();

  /** A router of these routes. */
  static of<Caller>(routes: readonly Route<Caller>[]): Router<Caller> {
    const router = new Router<Caller>();
    for (const route of routes) router.add(route);
    return router;
  }

  /** Adds a route under its path and its aliases; a second route for the same place is a bug. */
  add(route: Route<Caller>): void {
    for (const path of [route.endpoint.path, ...(route.endpoint.aliases ?? [])]) this.#addPath(path, route);
  }

  #addPath(path: string, route: Route<Caller>): void {
    let node = this.#root;
    const names: string[] = [];
    for (const segment of path.slice(1).split('/')) {
      if (segment.startsWith('{')) {
        names.push(segment.slice(1, -1));
        node.parameter ??= emptyNode();
        node = node.parameter;
      } else {
        let child = node.children.get(segment);
        if (child === undefined) node.children.set(segment, (child = emptyNode()));
        node = child;
      }
    }
    const { method } = route.endpoint;
    if (node.routes.has(method)) throw new Error(`two routes for ${method} ${path}`);
    node.routes.set(method, { route, names });
  }

  /**
   * Finds the route of a raw path (without its query). Throws `M_UNRECOGNIZED`: "404 if the endpoint is not
   * implemented, or 405 if the endpoint is implemented, but the incorrect HTTP method is used".
   */
  match(method: string, rawPath: string): Match<Caller> {
    let isKnown = false;
    for (const { node, values } of this.#candidates(rawPath)) {
      const found = node.routes.get(method);
      if (found !== undefined) return { route: found.route, path: namedValues(found.names, values) };
      isKnown = true;
    }
    if (!isKnown) throw new MatrixError('M_UNRECOGNIZED', 'Unrecognized request');
    throw new MatrixError('M_UNRECOGNIZED', `${method} is not allowed here`, { status: 405 });
  }

  /** Methods that a path answers to, for OPTIONS; empty where there is no such path. */
  methods(rawPath: string): string[] {
    return [...new Set([...this.#candidates(rawPath)].flatMap(({ node }) => [...node.routes.keys()]))];
  }

  /** The places whose templates fit the path; where two do, the one whose name stands there earlier comes first. */
  *#candidates(rawPath: string): Iterable<Candidate<Caller>> {
    const segments = rawPath.slice(1).split('/');
    const stack: Candidate<Caller>[] = [{ node: this.#root, values: [], depth: 0 }];
    for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
      const { node, values, depth } = at;
      const segment = segments[depth];
      if (segment === undefined) {
        if (node.routes.size > 0) yield at;
        continue;
      }
      const { parameter } = node;
      if (parameter !== undefined) stack.push({ node: parameter, values: [...values, segment], depth: depth + 1 });
      const child = node.children.get(segment);
      if (child !== undefined) stack.push({ node: child, values, depth: depth + 1 });
    }
  }
}

interface Candidate<Caller> {
  readonly node: Node<Caller>;
  /** What stands in the places of parameters, as it came. */
  readonly values: readonly string[];
  readonly depth: number;
}

function namedValues(names: readonly string[], values: readonly string[]): Readonly<Record<string, string>> {
  const path: Record<string, string> = Object.create(null) as Record<string, string>;
  names.forEach((name, index) => {
    path[name] = decodeSegment(values[index] ?? '');
  });
  return path;
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new MatrixError('M_INVALID_PARAM', 'The path is not valid percent-encoded UTF-8', { cause });
  }
}
