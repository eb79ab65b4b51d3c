/** The part of Synapse's admin API that tools use. */
import type { Services } from '../../server/services.ts';
import type { ClientRoute } from '../client-api/client-route.ts';
import { getRegisterNonceRoute, registerWithSecretRoute } from './registerWithSecret.ts';

/** The routes, bound to the services. */
export function adminRoutes(services: Services): ClientRoute[] {
  return [getRegisterNonceRoute(services), registerWithSecretRoute(services)];
}
