import { getVersions } from '../../matrix/api/client-server/getVersions.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getVersionsRoute(_services: Services): ClientRoute {
  return clientRoute(getVersions, async () => ({
    versions: [
      'v1.1',
      'v1.2',
      'v1.3',
      'v1.4',
      'v1.5',
      'v1.6',
      'v1.7',
      'v1.8',
      'v1.9',
      'v1.10',
      'v1.11',
      'v1.12',
      'v1.13',
      'v1.14',
      'v1.15',
      'v1.16',
      'v1.17',
      'v1.18',
      'v1.19',
    ],
    unstable_features: {
      // Simplified sliding sync (MSC4186), as clients ask for it.
      'org.matrix.simplified_msc3575': true,
      // Dehydrated devices (MSC3814).
      'org.matrix.msc3814': true,
      // `state_after` in /sync (MSC4222).
      'org.matrix.msc4222': true,
      // Clients set up cross-signing at login where the server says so.
      'org.matrix.e2e_cross_signing': true,
    },
  }));
}
