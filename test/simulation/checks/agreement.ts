/** P1 to P3: the same events mean the same states, and where nobody was kept out all servers end alike. */
import assert from 'node:assert/strict';
import type { EventId } from '../../../src/matrix/ids.ts';
import type { RoomEvent } from '../../../src/server/rooms/index.ts';
import { type RoomView, type State, textOf } from './room-view.ts';

/** Whether an event's state is that of the only event before it, so that there is nothing to compare. */
function followsOn({ stateBefore, pdu }: RoomEvent, view: RoomView): boolean {
  const [previous, ...others] = pdu.prevEvents;
  const after = others.length > 0 || previous === undefined ? undefined : view.events.get(previous)?.stateAfter;
  return after !== undefined && after.line === stateBefore?.line && after.position === stateBefore.position;
}

/** P1: the state before each event, and so that after it, is the same on every server that has it. */
export async function checkStates(views: readonly RoomView[]): Promise<void> {
  const all = new Map<EventId, { readonly view: RoomView; readonly event: RoomEvent }[]>();
  for (const view of views) {
    for (const [id, event] of view.events) all.set(id, [...(all.get(id) ?? []), { view, event }]);
  }
  // The oldest first, so that what is told is where it began.
  const depthOf = (id: EventId): number => all.get(id)?.[0]?.event.pdu.depth ?? 0;
  for (const id of [...all.keys()].toSorted((left, right) => depthOf(left) - depthOf(right))) {
    const holders = all.get(id) ?? [];
    if (holders.every(({ view, event }) => followsOn(event, view))) continue;
    let first: string | undefined;
    for (const { view, event } of holders) {
      const text = textOf(await view.stateBefore(event));
      assert.equal(text, (first ??= text), `P1: the state before ${id} is on ${view.name} as elsewhere`);
    }
  }
}

/** P2: the same newest events mean the same state, and what memory and tables say is that state. */
export async function checkHeads(views: readonly RoomView[]): Promise<void> {
  const ends = new Map<string, string>();
  for (const view of views.filter((one) => one.isInRoom)) {
    const state = await view.currentState();
    await checkMemory(view, state);
    const text = textOf(state);
    assert.equal(text, ends.get(view.extremities) ?? text, 'P2: the same extremities mean the same state');
    ends.set(view.extremities, text);
  }
}

async function checkMemory(view: RoomView, state: State): Promise<void> {
  const { rooms, context } = view.services;
  const entries = await context.store.rooms.getCurrentState(view.room.number);
  const listed = await rooms.events.getByNumber(entries.map((one) => one.event));
  const ids = (events: Iterable<RoomEvent>): string[] => [...events].map((one) => one.eventId).sort();
  assert.deepEqual(
    ids(listed),
    ids(state.values()),
    `P2: the current state of ${view.name} is the head of its main line`,
  );
  const members = new Set(ids(state.values()));
  for (const event of view.room.stateWithoutMembers()) {
    assert.ok(members.has(event.eventId), `P2: what ${view.name} has in memory is its current state`);
  }
}

/** P3: all servers in the room have the same newest events and the same state. */
export async function checkConvergence(views: readonly RoomView[]): Promise<void> {
  const [first, ...others] = views.filter((one) => one.isInRoom);
  if (first === undefined) return;
  const text = textOf(await first.currentState());
  for (const view of others) {
    assert.equal(view.extremities, first.extremities, `P3: ${view.name} ends with the events of ${first.name}`);
    assert.equal(textOf(await view.currentState()), text, `P3: ${view.name} ends with the state of ${first.name}`);
  }
}
