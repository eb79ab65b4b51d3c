/** Two users of two servers in a room of their own. */
import { type User, v3 } from '../harness/index.ts';
import { untilTrue } from './until.ts';

/** A room that `inviter` has made, and in which both are for both servers. */
export async function shareRoom(inviter: User, guest: User): Promise<string> {
  const room = await inviter.createRoom({ preset: 'private_chat', invite: [guest.id] });
  await untilTrue(guest, (answer) => JSON.stringify(answer).includes(room));
  await guest.ok('POST', v3`/join/${room}`, {});
  await untilTrue(inviter, async () => {
    const members = await inviter.ok('GET', v3`/rooms/${room}/joined_members`);
    return guest.id in (members.get('joined') as object);
  });
  return room;
}

/** Everything that has been said in a room, as a user's server has it, the oldest first; at most 500. */
export async function textsFor(user: User, room: string): Promise<string[]> {
  const { body } = await user.ok('GET', v3`/rooms/${room}/messages?dir=f&limit=500`);
  const { chunk } = body as { chunk: { content: { body?: string } }[] };
  return chunk.flatMap((event) => event.content.body ?? []);
}
