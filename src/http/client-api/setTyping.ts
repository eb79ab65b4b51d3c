import { setTyping } from '../../matrix/api/client-server/setTyping.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireRoomId, requireSelf } from './client-route.ts';

export function setTypingRoute({ typing }: Services): ClientRoute {
  return clientRoute(
    setTyping,
    async ({ caller, path, body }) => {
      const user = requireSelf(caller, path);
      const wish = body.typing ? { timeoutMs: body.timeout } : undefined;
      await typing.set(requireRoomId(path['roomId']), user, wish);
      return {};
    },
    { limit: 'write' },
  );
}
