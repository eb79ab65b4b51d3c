import { test } from 'node:test';
import assert from 'node:assert/strict';
import { endpoint } from '../../matrix/api/declare.ts';
import { OperationError } from '../../matrix/errors.ts';
import { object, optional, string, integer } from '../../matrix/schema.ts';
import { nodeEnvironment } from '../testing.ts';
import { directLine } from '../routes/line.ts';
import { Api, fillPath } from './call.ts';
import { isTemporary, ServerError } from './errors.ts';

const getThing = endpoint({
  id: 'getThing',
  method: 'GET',
  path: '/_matrix/client/v3/thing/{thingId}',
  access: 'required',
  rateLimited: true,
  query: object({ limit: optional(integer()) }),
  response: object({ name: string() }),
});

function serve(answers: (() => Response | Promise<Response>)[]) {
  const seen: { url: string; headers: Headers }[] = [];
  const waits: number[] = [];
  let refreshes = 0;
  const refused: boolean[] = [];
  const environment = nodeEnvironment({
    fetch: async (url, init) => {
      seen.push({ url, headers: new Headers(init.headers) });
      return (answers.shift() ?? (() => Response.error()))();
    },
    sleep: async (delayMs) => void waits.push(delayMs),
  });
  let token = 'secret';
  const api = new Api(environment, directLine(environment, 'https://example.org/'), {
    accessToken: () => token,
    refresh: async () => {
      refreshes += 1;
      token = 'renewed';
      return refreshes === 1;
    },
    onTokenRefused: (soft) => void refused.push(soft),
  });
  return { api, seen, waits, refused };
}

const ok = () => Response.json({ name: 'x' });
const error = (status: number, body: object) => () => Response.json(body, { status });

test('a call fills path and query, sends the token, and gives the answer', async () => {
  const { api, seen } = serve([ok]);
  const answer = await api.call(getThing, { path: { thingId: 'a/b?#' }, query: { limit: 3 } });
  assert.equal(answer.name, 'x');
  assert.equal(seen[0]?.url, 'https://example.org/_matrix/client/v3/thing/a%2Fb%3F%23?limit=3');
  assert.equal(seen[0]?.headers.get('authorization'), 'Bearer secret');
});

test('a missing path parameter is a bug', () => {
  assert.throws(() => fillPath('/x/{roomId}', {}), /roomId/);
});

test('429 is waited out as the server says', async () => {
  const { api, waits } = serve([error(429, { errcode: 'M_LIMIT_EXCEEDED', retry_after_ms: 1234 }), ok]);
  await api.call(getThing, { path: { thingId: 'a' } });
  assert.deepEqual(waits, [1234]);
});

test('an unknown token is refreshed once and then refused', async () => {
  const unknown = error(401, { errcode: 'M_UNKNOWN_TOKEN', soft_logout: true });
  const first = serve([unknown, ok]);
  await first.api.call(getThing, { path: { thingId: 'a' } });
  assert.equal(first.seen[1]?.headers.get('authorization'), 'Bearer renewed');
  const second = serve([unknown, unknown]);
  await assert.rejects(second.api.call(getThing, { path: { thingId: 'a' } }), ServerError);
});

test('no network is a temporary failure, a 4xx is not, a page of a proxy keeps its status', async () => {
  const { api } = serve([() => Promise.reject(new TypeError('offline'))]);
  await assert.rejects(
    api.call(getThing, { path: { thingId: 'a' } }),
    (e) => e instanceof OperationError && isTemporary(e),
  );
  const refused = serve([error(403, { errcode: 'M_FORBIDDEN', error: 'no' })]);
  await assert.rejects(refused.api.call(getThing, { path: { thingId: 'a' } }), (e) => !isTemporary(e));
  const proxy = serve([() => new Response('<html>', { status: 502 })]);
  await assert.rejects(
    proxy.api.call(getThing, { path: { thingId: 'a' } }),
    (e) => e instanceof ServerError && e.status === 502 && isTemporary(e),
  );
});
