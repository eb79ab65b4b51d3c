import { getCapabilities } from '../../matrix/api/client-server/getCapabilities.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

/** Every room version of the specification is stable. */
const AVAILABLE: Record<string, 'stable'> = Object.fromEntries(
  ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12'].map((version) => [version, 'stable']),
);

export function getCapabilitiesRoute({ facts }: Services): ClientRoute {
  return clientRoute(getCapabilities, async () => ({
    capabilities: {
      'm.change_password': { enabled: true },
      'm.room_versions': { default: facts.defaultRoomVersion, available: AVAILABLE },
      'm.set_displayname': { enabled: true },
      'm.set_avatar_url': { enabled: true },
      'm.profile_fields': { enabled: true },
      'm.3pid_changes': { enabled: false },
      'm.get_login_token': { enabled: false },
      'm.account_moderation': { suspend: true, lock: true },
      'm.forget_forced_upon_leave': { enabled: false },
    },
  }));
}
