import { getServerKey } from '../../matrix/api/server-server/getServerKey.ts';
import type { Services } from '../../server/services.ts';
import { JsonAnswer } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function getServerKeyRoute({ peers }: Services): FederationRoute {
  return federationRoute(getServerKey, async () => new JsonAnswer(200, peers.publishedKeys()));
}
