/** The policy server of rooms whose `m.room.policy` names this server. */
import { encodeBase64 } from '../../../../src/lib/base64.ts';
import { getString } from '../../../../src/matrix/json.ts';
import { signedText } from '../../../../src/rules/hashes/hashes.ts';
import { bodyOf, ok, Refusal } from '../requests.ts';
import type { Handler } from './handler.ts';

export const askPolicyServerToSign: Handler = (server, request) => {
  const event = bodyOf(request);
  const room = server.rooms.get(getString(event, 'room_id') ?? '');
  const policy = room?.current('m.room.policy')?.content;
  if (room === undefined || policy?.['via'] !== server.name) {
    throw new Refusal(404, 'M_NOT_FOUND', 'The room is not protected by this server');
  }
  const { keyId, sign } = server.policyKey;
  // "Only the Policy Server's signature is returned."
  return ok({ [server.name]: { [keyId]: encodeBase64(sign(signedText(event, room.rules))) } });
};
