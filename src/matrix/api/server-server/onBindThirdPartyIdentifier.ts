import { anyObject, array, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { signedThirdPartyInvite } from './definitions.ts';

/** Notifies the server that a third-party identifier has been bound to one of its users. */
export const onBindThirdPartyIdentifier = endpoint({
  id: 'onBindThirdPartyIdentifier',
  method: 'PUT',
  path: '/_matrix/federation/v1/3pid/onbind',
  access: 'none',
  rateLimited: false,
  body: object({
    medium: string(),
    address: string(),
    mxid: string(),
    invites: array(
      object({
        medium: string(),
        address: string(),
        mxid: string(),
        room_id: string(),
        sender: string(),
        signed: signedThirdPartyInvite(),
      }),
    ),
  }),
  response: anyObject(),
});
