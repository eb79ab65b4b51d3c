import { anyObject, object, optional, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { crossSigningKey } from '../definitions.ts';

/** Upload cross-signing keys. */
export const uploadCrossSigningKeys = endpoint({
  id: 'uploadCrossSigningKeys',
  method: 'POST',
  path: '/_matrix/client/v3/keys/device_signing/upload',
  access: 'required',
  rateLimited: false,
  body: object({
    master_key: optional(crossSigningKey()),
    self_signing_key: optional(crossSigningKey()),
    user_signing_key: optional(crossSigningKey()),
    auth: optional(object({ type: optional(string()), session: optional(string()) })),
  }),
  response: anyObject(),
});
