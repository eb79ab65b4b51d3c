import { deleteProfileField } from '../../matrix/api/client-server/deleteProfileField.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireSelf } from './client-route.ts';

export function deleteProfileFieldRoute({ accounts, lifecycle }: Services): ClientRoute {
  return clientRoute(
    deleteProfileField,
    async ({ caller, path }) => {
      const user = requireSelf(caller, path);
      requireActive(caller);
      const name = path['keyName'] ?? '';
      if (await accounts.profiles.deleteField(user, name)) await lifecycle.propagateProfile(user, name);
      return {};
    },
    { limit: 'write' },
  );
}
