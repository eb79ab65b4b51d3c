/** What kick, ban and unban are told: the same of all three. */
import type { RoomId, UserId } from '../../matrix/ids.ts';
import type { Caller } from '../../server/accounts/index.ts';
import { requireRoomId, requireUserId } from './client-route.ts';

interface MemberRequest {
  readonly caller: Caller;
  readonly path: Readonly<Record<string, string>>;
  readonly body: { readonly user_id: string; readonly reason?: string | undefined };
}

/** The change that a request asks for. Throws `M_INVALID_PARAM` for ids that are none. */
export function memberChange({ caller, path, body }: MemberRequest): {
  roomId: RoomId;
  sender: UserId;
  target: UserId;
  reason: string | undefined;
} {
  const roomId = requireRoomId(path['roomId']);
  return { roomId, sender: caller.user, target: requireUserId(body.user_id), reason: body.reason };
}
