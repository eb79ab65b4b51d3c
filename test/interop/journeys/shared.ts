/** How most journeys begin. */
import type { Dict } from '../../harness/answer.ts';
import type { World } from './homeserver.ts';
import type { Person } from './person.ts';

export interface Pair {
  /** Of the host. */
  readonly alice: Person;
  /** Of the guest. */
  readonly bob: Person;
}

export interface Shared extends Pair {
  readonly room: string;
}

export async function pair(world: World): Promise<Pair> {
  return { alice: await world.host.register('alice'), bob: await world.guest.register('bob') };
}

/** Options for a room that anybody may join. */
export function openRoom(world: World, options: Dict = {}): Dict {
  return { preset: 'public_chat', room_version: world.roomVersion, name: 'Open room', ...options };
}

/** A room of Alice's that Bob has joined, and both know that. */
export async function sharedRoom(world: World, options: Dict = {}): Promise<Shared> {
  const { alice, bob } = await pair(world);
  const room = await alice.createRoom(openRoom(world, options));
  await bob.join(room, world.host.name);
  await alice.untilMembership(room, bob.id, 'join');
  await bob.untilMembership(room, alice.id, 'join');
  return { alice, bob, room };
}

/** Both say something that the other one hears. */
export async function talk({ alice, bob, room }: Shared): Promise<void> {
  for (const [speaker, listener] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    const event = await speaker.send(room, `words of ${speaker.id}`);
    await listener.untilEvent(room, event);
  }
}
