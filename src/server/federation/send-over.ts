/** Transactions over signed requests. */
import { OperationError } from '../../matrix/errors.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { asObject, getObject, getString } from '../../matrix/json.ts';
import { type Peers, RemoteError } from '../peers/index.ts';
import { type SendTransaction, transactionText } from './outbound/index.ts';

/** Sends a transaction to its server; a refusal is an answer, no failure. */
export function sendOver(peers: Peers, origin: ServerName): SendTransaction {
  return async (server, transaction, { signal }) => {
    const path = `/_matrix/federation/v1/send/${encodeURIComponent(transaction.id)}`;
    const body = transactionText(origin, transaction);
    try {
      const answer = await peers.request(server, { method: 'PUT', path, body, signal });
      const pdus = getObject(answer, 'pdus') ?? {};
      const failed = Object.values(pdus).filter((one) => getString(asObject(one), 'error') !== undefined);
      return { kind: 'accepted', failedPdus: failed.length };
    } catch (error) {
      if (error instanceof RemoteError) {
        const { status, errcode, retryAfterMs } = error;
        return { kind: 'refused', status, why: errcode, ...(retryAfterMs !== undefined && { retryAfterMs }) };
      }
      if (!(error instanceof OperationError)) throw error;
      return { kind: 'unreachable', why: error.kind };
    }
  };
}
