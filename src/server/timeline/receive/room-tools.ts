/** What judging and writing in one room needs, put together. */
import type { Context } from '../../context.ts';
import type { Room, Rooms } from '../../rooms/index.ts';
import type { AppendTools } from './judged-event.ts';
import { AuthCover } from './auth-cover.ts';
import { Places } from './places.ts';

/** The auth graph of a room grows with its resolutions and goes with the room. */
const covers = new WeakMap<Room, AuthCover>();

/** The tools for a room whose queue is held. */
export async function toolsOf(room: Room, context: Context, rooms: Rooms): Promise<AppendTools> {
  const { store } = context;
  const lines = await room.lines(store);
  let cover = covers.get(room);
  if (cover === undefined) covers.set(room, (cover = new AuthCover()));
  return {
    context,
    room,
    rooms,
    lines,
    cover,
    events: rooms.events,
    places: new Places(room, { store, rooms, lines }),
  };
}
