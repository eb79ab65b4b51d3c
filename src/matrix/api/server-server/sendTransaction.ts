import { anything, array, integer, object, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Send a transaction. */
export const sendTransaction = endpoint({
  id: 'sendTransaction',
  method: 'PUT',
  path: '/_matrix/federation/v1/send/{txnId}',
  access: 'server',
  rateLimited: false,
  body: object({
    origin: string(),
    origin_server_ts: integer(),
    // What is no event is left out, and the rest is taken.
    pdus: array(anything()),
    edus: optional(array(anything())),
  }),
  response: object({ pdus: record(object({ error: optional(string()) })) }),
});
