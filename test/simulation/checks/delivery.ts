/** P4 and P6: nothing that was acknowledged is lost or doubled, whether event or message to a device. */
import assert from 'node:assert/strict';
import type { ServerName } from '../../../src/matrix/ids.ts';
import { getString } from '../../../src/matrix/json.ts';
import type { Life } from '../life/life.ts';
import type { RoomView } from './room-view.ts';

/** P4: every acknowledged event is on its own server, and on those that were in the room when it was sent. */
export async function checkEvents(life: Life, views: readonly RoomView[]): Promise<void> {
  const ids = life.ledger.events.map((one) => one.eventId);
  const held = new Map<string, ReadonlySet<string>>();
  for (const view of views) held.set(view.name, new Set((await view.stored(ids)).keys()));
  for (const view of views) {
    const own = life.ledger.events.filter((one) => one.server === view.server);
    const stored = await view.stored(own.map((one) => one.eventId));
    for (const { eventId, atMs } of own) {
      const event = stored.get(eventId);
      assert.ok(event !== undefined, `P4: ${eventId}, which was acknowledged, is on ${view.name}, which took it`);
      const { federation } = view.services.context.store;
      const audience = new Set(await federation.listServersInRoomAt(view.room.number, event.position as never));
      for (const other of views) {
        const wasThere = audience.has(other.name as ServerName) && (life.movedAt.get(other.name) ?? 0) < atMs;
        // A server that was put out may not know it: then nobody tells it anything any more.
        const isThere = other.isInRoom && view.room.servers.has(other.name as ServerName);
        if (other === view || !isThere || !wasThere) continue;
        assert.ok(held.get(other.name)?.has(eventId), `P4: ${eventId} of ${view.name} is on ${other.name}`);
      }
    }
  }
}

/** P4: what was sent once is there once, however often it was repeated. */
export function checkTexts(views: readonly RoomView[]): void {
  for (const view of views) {
    const seen = new Map<string, string>();
    for (const [id, { pdu }] of view.events) {
      const text = pdu.type === 'm.room.message' ? getString(pdu.content, 'body') : undefined;
      if (text === undefined) continue;
      assert.ok(!seen.has(text), `P4: "${text}" is on ${view.name} twice: ${seen.get(text)} and ${id}`);
      seen.set(text, id);
    }
  }
}

/** P6: messages to devices have come once each and in order, and none that was acknowledged is missing. */
export function checkMessages(life: Life): void {
  const { ledger, world } = life;
  for (const user of world.users) {
    const { received } = life.clientOf(user);
    for (const from of world.users) {
      const numbers = received.filter((one) => one.from === from.id).map((one) => one.number);
      const pair = `from ${from.id} to ${user.id}`;
      const sorted = [...new Set(numbers)].toSorted((left, right) => left - right);
      assert.deepEqual(numbers, sorted, `P6: messages ${pair} come once each and in order`);
      const sent = ledger.messages.filter((one) => one.from === from.id && one.to === user.id);
      const missing = sent.filter((one) => one.isAcknowledged && !numbers.includes(one.number));
      assert.deepEqual(missing, [], `P6: messages ${pair} have come`);
    }
  }
}
