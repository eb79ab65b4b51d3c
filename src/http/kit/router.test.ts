import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { MatrixError } from '../../matrix/errors.ts';
import { endpoint, type Method } from '../../matrix/api/declare.ts';
import { type Route, route } from './route.ts';
import { Router } from './router.ts';

function routeOf(method: Method, path: string, aliases: readonly string[] = []): Route<string> {
  const declared = endpoint({ id: `${method} ${path}`, method, path, aliases, access: 'none', rateLimited: false });
  return route(declared, async () => ({}));
}

function routerOf(...routes: readonly Route<string>[]): Router<string> {
  const router = new Router<string>();
  for (const one of routes) router.add(one);
  return router;
}

function found(router: Router<string>, method: string, path: string): { id: string; path: Record<string, string> } {
  const match = router.match(method, path);
  return { id: match.route.endpoint.id, path: { ...match.path } };
}

function refusal(router: Router<string>, method: string, path: string): { code: string; status: number } {
  try {
    router.match(method, path);
  } catch (error) {
    if (error instanceof MatrixError) return { code: error.code, status: error.status };
    throw error;
  }
  throw new Error(`${method} ${path} has a route`);
}

describe('router', () => {
  it('gives each parameter its decoded value', () => {
    const router = routerOf(routeOf('GET', '/rooms/{roomId}/event/{eventId}'));
    assert.deepEqual(found(router, 'GET', '/rooms/%21a%3Ab/event/%24x%2Fy'), {
      id: 'GET /rooms/{roomId}/event/{eventId}',
      path: { roomId: '!a:b', eventId: '$x/y' },
    });
    assert.deepEqual(refusal(router, 'GET', '/rooms/%ff/event/x'), { code: 'M_INVALID_PARAM', status: 400 });
    assert.deepEqual(refusal(router, 'GET', '/rooms/%/event/x'), { code: 'M_INVALID_PARAM', status: 400 });
  });

  it('finds a route by its aliases too', () => {
    const router = routerOf(routeOf('GET', '/v3/a/{x}', ['/r0/a/{x}', '/v1/b/{x}']));
    for (const path of ['/v3/a/1', '/r0/a/1', '/v1/b/1']) assert.equal(found(router, 'GET', path).path['x'], '1');
  });

  it('tells an unknown path from an unknown method', () => {
    const router = routerOf(routeOf('GET', '/a'), routeOf('PUT', '/a'));
    assert.deepEqual(refusal(router, 'POST', '/a'), { code: 'M_UNRECOGNIZED', status: 405 });
    assert.deepEqual(refusal(router, 'GET', '/b'), { code: 'M_UNRECOGNIZED', status: 404 });
    assert.deepEqual(refusal(router, 'GET', '/'), { code: 'M_UNRECOGNIZED', status: 404 });
    assert.deepEqual(router.methods('/a'), ['GET', 'PUT']);
    assert.deepEqual(router.methods('/b'), []);
  });

  it('adv-095 adv-096: normalises nothing', () => {
    const router = routerOf(routeOf('GET', '/a/b'), routeOf('GET', '/a/{x}/c'));
    for (const path of ['/a/../a/b', '/a/./b', '//a/b', '/a//b', '/a/b/', '/A/b', '/a%2Fb', '/%61/b', '/a/b/../c']) {
      assert.deepEqual(refusal(router, 'GET', path), { code: 'M_UNRECOGNIZED', status: 404 }, path);
    }
    assert.deepEqual(found(router, 'GET', '/a/..%2F..%2Fb/c').path, { x: '../../b' });
  });

  it('prefers a name to a parameter, and does not get lost behind it', () => {
    const router = routerOf(routeOf('GET', '/a/b/d'), routeOf('GET', '/a/{x}/c'), routeOf('PUT', '/a/{x}/d'));
    assert.equal(found(router, 'GET', '/a/b/d').id, 'GET /a/b/d');
    assert.deepEqual(found(router, 'GET', '/a/b/c'), { id: 'GET /a/{x}/c', path: { x: 'b' } });
    assert.deepEqual(found(router, 'PUT', '/a/b/d'), { id: 'PUT /a/{x}/d', path: { x: 'b' } });
    assert.deepEqual(router.methods('/a/b/d'), ['GET', 'PUT']);
  });

  it('names no parameter that objects inherit', () => {
    const match = routerOf(routeOf('GET', '/a/{__proto__}')).match('GET', '/a/x');
    assert.deepEqual(Object.entries(match.path), [['__proto__', 'x']]);
    assert.equal(refusal(routerOf(routeOf('GET', '/a')), 'GET', '/constructor').status, 404);
  });

  it('refuses a second route for the same place', () => {
    assert.throws(() => routerOf(routeOf('GET', '/a/{x}'), routeOf('GET', '/a/{y}')), /two routes for GET/);
  });

  it('matches exactly the templates that were declared', () => {
    const part = fc.constantFrom('a', 'b', '{x}', '{y}');
    const templates = fc.uniqueArray(fc.array(part, { minLength: 1, maxLength: 4 }), {
      selector: (parts) => shapeOf(parts).join('/'),
      maxLength: 8,
    });
    const paths = fc.array(fc.constantFrom('a', 'b', 'c', ''), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(templates, paths, (declared, segments) => {
        const router = routerOf(...declared.map((parts) => routeOf('GET', `/${parts.map(named).join('/')}`)));
        const fitting = declared.filter((parts) => fits(parts, segments)).toSorted(byNames);
        const [best] = fitting;
        if (best === undefined) assert.equal(refusal(router, 'GET', `/${segments.join('/')}`).status, 404);
        else assert.equal(found(router, 'GET', `/${segments.join('/')}`).id, `GET /${best.map(named).join('/')}`);
      }),
      { numRuns: 200 },
    );
  });
});

function shapeOf(parts: readonly string[]): string[] {
  return parts.map((one) => (one.startsWith('{') ? '{}' : one));
}

/** Two parameters of one template have two names. */
function named(part: string, index: number): string {
  return part.startsWith('{') ? `{p${index}}` : part;
}

function fits(parts: readonly string[], segments: readonly string[]): boolean {
  return (
    parts.length === segments.length && parts.every((one, index) => one.startsWith('{') || one === segments[index])
  );
}

/** The template whose name stands earlier than the other's parameter comes first. */
function byNames(left: readonly string[], right: readonly string[]): number {
  const differs = left.findIndex((one, index) => one.startsWith('{') !== right[index]?.startsWith('{'));
  return differs < 0 ? 0 : left[differs]?.startsWith('{') === true ? 1 : -1;
}
