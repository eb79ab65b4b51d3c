import { getProfileField } from '../../matrix/api/client-server/getProfileField.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { requireProfile } from './profile-answer.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute, requireUserId } from './client-route.ts';

export function getProfileFieldRoute(services: Services): ClientRoute {
  return clientRoute(
    getProfileField,
    async ({ path }) => {
      const profile = await requireProfile(services, requireUserId(path['userId']));
      const name = path['keyName'] ?? '';
      const value = profile.get(name);
      if (value === undefined) throw new MatrixError('M_NOT_FOUND', 'The profile has no such field');
      return { [name]: value };
    },
    { limit: 'read' },
  );
}
