import { setProfileField } from '../../matrix/api/client-server/setProfileField.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { getValue, type JsonObject } from '../../matrix/json.ts';
import { requireActive } from './require-active.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireSelf } from './client-route.ts';

export function setProfileFieldRoute({ accounts, lifecycle }: Services): ClientRoute {
  return clientRoute(
    setProfileField,
    async ({ caller, path, body }) => {
      const user = requireSelf(caller, path);
      requireActive(caller);
      const name = path['keyName'] ?? '';
      const value = getValue(body as unknown as JsonObject, name);
      if (value === undefined) throw new MatrixError('M_MISSING_PARAM', `The body has no field ${name}`);
      if (await accounts.profiles.setField(user, name, value)) await lifecycle.propagateProfile(user, name);
      return {};
    },
    { limit: 'write' },
  );
}
