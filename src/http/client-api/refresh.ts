import { refresh } from '../../matrix/api/client-server/refresh.ts';
import { tokenAnswer } from './session-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function refreshRoute({ accounts }: Services): ClientRoute {
  return clientRoute(refresh, async ({ body }) => tokenAnswer(await accounts.tokens.refresh(body.refresh_token)), {
    limit: 'login',
  });
}
