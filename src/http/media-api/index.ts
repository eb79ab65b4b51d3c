/** Uploads, downloads and thumbnails. */
import type { Services } from '../../server/services.ts';
import type { ClientRoute } from '../client-api/client-route.ts';

/** The routes, bound to the services. */
export function mediaRoutes(_services: Services): ClientRoute[] {
  return [];
}
