import { anyObject, object, optional, record } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Upload cross-signing signatures. */
export const uploadCrossSigningSignatures = endpoint({
  id: 'uploadCrossSigningSignatures',
  method: 'POST',
  path: '/_matrix/client/v3/keys/signatures/upload',
  access: 'required',
  rateLimited: false,
  body: record(record(anyObject())),
  response: object({ failures: optional(record(record(anyObject()))) }),
});
