import { anyObject, array, object, oneOf, optional, record, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';

/** Upload cross-signing keys. */
export const uploadCrossSigningKeys = endpoint({
  id: 'uploadCrossSigningKeys',
  method: 'POST',
  path: '/_matrix/client/v3/keys/device_signing/upload',
  access: 'required',
  rateLimited: false,
  body: object({
    master_key: optional(
      object({
        user_id: string(),
        usage: array(oneOf(['master', 'self_signing', 'user_signing'])),
        keys: record(string()),
        signatures: optional(anyObject()),
      }),
    ),
    self_signing_key: optional(
      object({
        user_id: string(),
        usage: array(oneOf(['master', 'self_signing', 'user_signing'])),
        keys: record(string()),
        signatures: optional(anyObject()),
      }),
    ),
    user_signing_key: optional(
      object({
        user_id: string(),
        usage: array(oneOf(['master', 'self_signing', 'user_signing'])),
        keys: record(string()),
        signatures: optional(anyObject()),
      }),
    ),
    auth: optional(object({ type: optional(string()), session: optional(string()) })),
  }),
  response: anyObject(),
});
