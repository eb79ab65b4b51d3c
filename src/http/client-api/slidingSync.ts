import { slidingSync } from '../../matrix/api/client-server/slidingSync.ts';
import { JsonText } from '../kit/answer.ts';
import type { JsonObject } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function slidingSyncRoute({ sync }: Services): ClientRoute {
  return clientRoute(
    slidingSync,
    async ({ caller, query, body, request }) =>
      new JsonText(
        await sync.sliding.sync({
          viewer: caller,
          body: body as unknown as JsonObject,
          pos: query.pos ?? body.pos,
          timeoutMs: query.timeout ?? body.timeout ?? 0,
          setPresence: query.set_presence ?? body.set_presence ?? 'online',
          signal: request.signal,
        }),
      ),
    { limit: 'read' },
  );
}
