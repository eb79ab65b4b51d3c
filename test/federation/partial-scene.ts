/** Rooms of the scripted server that are joined without their members, and a hand on when these are told. */
import type { Pdu } from '../../src/matrix/events.ts';
import { serverOf } from '../../src/matrix/ids.ts';
import { defer } from '../../src/lib/deferred.ts';
import { type User, v3 } from '../harness/index.ts';
import type { EventFields } from '../harness/remote/event.ts';
import type { RemoteServer } from '../harness/remote-server.ts';
import type { RemoteRoom } from '../harness/remote/room.ts';
import type { Scripted } from './scripted.ts';

export const MEMBERS = 60;

/** A filter by which `/sync` loads members lazily. */
export const LAZY = JSON.stringify({ room: { state: { lazy_load_members: true } } });

/** A room with many members; `settle` does more in it before anybody of ours joins. */
export function largeRoom(
  remote: RemoteServer,
  version: string,
  settle: (room: RemoteRoom, creator: string) => void = () => {},
): RemoteRoom {
  remote.leavesMembersOut = true;
  const creator = remote.user('creator');
  const room = remote.createRoom({ version, creator, name: 'large' });
  for (let index = 0; index < MEMBERS; index += 1) room.join(remote.user(`member${index}`));
  settle(room, creator);
  return room;
}

/** Keeps a server from telling the states before joins of ours to a room, until the function is called. */
export function holdState(remote: RemoteServer, room: RemoteRoom): () => void {
  const released = defer<void>();
  for (const operation of ['getRoomState', 'getRoomStateIds'] as const) {
    remote.on(operation, async (request, next) => {
      const of = room.find(request.query.get('event_id') ?? '')?.sender;
      if (of !== undefined && serverOf(of) === 'alpha.test') await released.promise;
      return await next();
    });
  }
  return () => released.resolve();
}

/** Joins by the scripted server, which leaves the members out. */
export async function joinLarge({ remote }: Scripted, user: User, room: RemoteRoom): Promise<void> {
  await user.ok('POST', `${v3`/join/${room.roomId}`}?via=${remote.name}`, {});
}

/** An event of somebody who says that they are in the room, by an older event of theirs. */
export function claim(room: RemoteRoom, member: Pdu, fields: Claim): Pdu {
  const sender = member.sender;
  const types = room.rules.roomIdIsCreateHash ? ['m.room.power_levels'] : ['m.room.create', 'm.room.power_levels'];
  const cited = types.flatMap((type) => room.current(type)?.eventId ?? []);
  return room.build({ ...aboutOf(fields), sender, authEvents: [...cited, member.eventId] });
}

/** One of these. */
interface Claim {
  readonly body?: string;
  readonly topic?: string;
  readonly redacts?: string;
}

function aboutOf({ body = '', topic, redacts }: Claim): Pick<EventFields, 'type' | 'stateKey' | 'content' | 'redacts'> {
  if (topic !== undefined) return { type: 'm.room.topic', stateKey: '', content: { topic } };
  if (redacts !== undefined) return { type: 'm.room.redaction', redacts };
  return { type: 'm.room.message', content: { msgtype: 'm.text', body } };
}

export async function joinedMembers(user: User, room: RemoteRoom): Promise<string[]> {
  const members = await user.ok('GET', v3`/rooms/${room.roomId}/joined_members`);
  return Object.keys(members.get('joined') as object);
}
