import { sendTransaction } from '../../matrix/api/server-server/sendTransaction.ts';
import type { Services } from '../../server/services.ts';
import { JsonText } from '../kit/answer.ts';
import { type FederationRoute, federationRoute } from './federation-route.ts';

export function sendTransactionRoute({ federation }: Services): FederationRoute {
  return federationRoute(
    sendTransaction,
    async ({ caller, path, request }) => {
      return new JsonText(await federation.transactions.receive(caller, path['txnId'] ?? '', await request.whole()));
    },
    // It may have to wait for its turn: then it is there as bytes alone.
    { rawBody: 'checked' },
  );
}
