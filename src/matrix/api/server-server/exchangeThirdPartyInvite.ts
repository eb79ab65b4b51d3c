import { anyObject, object, string } from '../../schema.ts';
import { endpoint } from '../declare.ts';
import { signedThirdPartyInvite } from './definitions.ts';

/** Request a server to auth a third-party invite event. */
export const exchangeThirdPartyInvite = endpoint({
  id: 'exchangeThirdPartyInvite',
  method: 'PUT',
  path: '/_matrix/federation/v1/exchange_third_party_invite/{roomId}',
  access: 'server',
  rateLimited: false,
  body: object({
    type: string(),
    room_id: string(),
    sender: string(),
    state_key: string(),
    content: object({
      membership: string(),
      third_party_invite: object({ display_name: string(), signed: signedThirdPartyInvite() }),
    }),
  }),
  response: anyObject(),
});
