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
    const segments = rawPath.slice(1).split('/');
    const values: string[] = [];
    const node = this.#walk(segments, values);
    if (node === undefined || node.routes.size === 0) throw new MatrixError('M_UNRECOGNIZED', 'Unrecognized request');
    const found = node.routes.get(method);
    if (found === undefined) {
      throw new MatrixError('M_UNRECOGNIZED', `${method} is not allowed here`, { status: 405 });
    }
    const path: Record<string, string> = Object.create(null) as Record<string, string>;
    found.names.forEach((name, index) => {
      path[name] = decodeSegment(values[index] ?? '');
    });
    return { route: found.route, path };
  }

  /** Methods that a path answers to, for OPTIONS; empty where there is no such path. */
  methods(rawPath: string): string[] {
    return [...(this.#walk(rawPath.slice(1).split('/'), [])?.routes.keys() ?? [])];
  }

  #walk(segments: readonly string[], values: string[]): Node<Caller> | undefined {
    let node = this.#root;
    for (const segment of segments) {
      const child = node.children.get(segment);
      if (child !== undefined) {
        node = child;
        continue;
      }
      if (node.parameter === undefined) return undefined;
      values.push(segment);
      node = node.parameter;
    }
    return node;
  }
}

function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch (cause) {
    throw new MatrixError('M_INVALID_PARAM', 'The path is not valid percent-encoded UTF-8', { cause });
  }
}
