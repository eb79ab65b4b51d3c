import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { present } from '../../lib/assert.ts';
import { findRoomVersion } from '../../matrix/room-versions.ts';
import type { EventId, UserId } from '../../matrix/ids.ts';
import type { ReceiptRow, RoomNumber } from '../../ports/store/index.ts';
import { defaultPushRules } from '../../rules/push-rules/index.ts';
import type { Room } from '../rooms/index.ts';
import { Stream } from '../stream/index.ts';
import { Unread } from './unread.ts';

const ME = '@me:a' as UserId;
const OTHER = '@other:a' as UserId;
const ROOM = 1 as RoomNumber;

interface Message {
  readonly position: number;
  readonly sender: UserId;
  readonly thread: string;
}

/** A room of messages with one reader, and nothing behind it but lists. */
class Harness {
  readonly messages: Message[] = [];
  readonly receipts = new Map<string | undefined, ReceiptRow>();
  readonly stream = new Stream();
  /** Runs between the reading of receipts and its end, once. */
  whileReading: (() => void) | undefined;
  position = 1;
  readonly unread: Unread;
  readonly room: Room;

  constructor() {
    const head = { joinedCount: 3, lastPosition: 1 };
    this.room = {
      number: ROOM,
      head,
      rules: present(findRoomVersion('12'), 'a version'),
      state: (type: string) => (type === 'm.room.member' ? { position: 1, pdu: { content: {} } } : undefined),
      lookup: () => undefined,
    } as unknown as Room;
    const between = (from: number, to: number): unknown[] =>
      this.messages.filter((one) => one.position > from && one.position <= to).map((one) => this.#event(one));
    const parts = {
      context: {
        stream: this.stream,
        store: {
          userData: {
            getOwnReceipts: async () => await this.#readReceipts(),
            getUnread: async () => [],
          },
        },
      },
      rooms: { ensureMembers: async () => undefined, events: { find: async () => undefined } },
      pushRules: { get: async () => defaultPushRules(ME) },
      deltas: { stretch: async (_room: Room, from: number, to: number) => between(from, to) },
    };
    this.unread = new Unread(parts as unknown as ConstructorParameters<typeof Unread>[0]);
  }

  #event({ position, sender, thread }: Message): unknown {
    const relation = thread === 'main' ? {} : { 'm.relates_to': { rel_type: 'm.thread', event_id: thread } };
    const content = { msgtype: 'm.text', body: 'hello', ...relation };
    return { position, redactedBy: undefined, pdu: { sender, type: 'm.room.message', roomId: '!r:a', content } };
  }

  async #readReceipts(): Promise<ReceiptRow[]> {
    const rows = [...this.receipts.values()];
    await new Promise(setImmediate);
    const meanwhile = this.whileReading;
    this.whileReading = undefined;
    meanwhile?.();
    return rows;
  }

  send(sender: UserId, thread: string): void {
    this.position += 1;
    this.messages.push({ position: this.position, sender, thread });
    this.room.head = { ...this.room.head, lastPosition: this.position };
  }

  /** Reads up to the newest event. */
  read(thread: string | undefined): void {
    const eventPosition = this.position;
    const event = '$e' as EventId;
    this.position += 1;
    const position = this.position as ReceiptRow['position'];
    this.receipts.set(thread, {
      room: ROOM,
      user: ME,
      type: 'm.read',
      thread,
      event,
      eventPosition,
      sentAt: 0,
      position,
    });
    this.stream.publish({ kind: 'receipt', position, room: ROOM, user: ME, event, sentAt: 1, thread, hidden: false });
  }

  async count(): Promise<Record<string, number>> {
    const { total, threads } = await this.unread.count(ME, this.room, this.position);
    const counts = Object.fromEntries([...threads].map(([thread, one]) => [thread, one.notifications]));
    assert.equal(
      total.notifications,
      Object.values(counts).reduce((sum, one) => sum + one, 0),
    );
    return counts;
  }

  /** Counted anew from everything there is. */
  expected(): Record<string, number> {
    const readTo = (thread: string | undefined): number => this.receipts.get(thread)?.eventPosition ?? 0;
    // "When the user updates their read receipt (either by using the API or by sending an event) …"
    const saidUpTo = (thread: string): number =>
      this.messages.findLast((one) => one.sender === ME && one.thread === thread)?.position ?? 0;
    const counts = new Map<string, number>();
    for (const { position, sender, thread } of this.messages) {
      const isRead = position <= Math.max(readTo(undefined), readTo(thread), saidUpTo(thread));
      if (sender !== ME && !isRead) counts.set(thread, (counts.get(thread) ?? 0) + 1);
    }
    return Object.fromEntries(counts);
  }
}

const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ send: fc.constantFrom(ME, OTHER), thread: fc.constantFrom('main', '$t1', '$t2') }),
  },
  { weight: 2, arbitrary: fc.record({ read: fc.constantFrom(undefined, 'main', '$t1', '$t2') }) },
  { weight: 3, arbitrary: fc.constant('count' as const) },
);

describe('unread counts', () => {
  it('are what counting everything anew gives, wherever receipts move', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 30 }), async (actions) => {
        const harness = new Harness();
        for (const one of actions) {
          if (one === 'count') assert.deepEqual(await harness.count(), harness.expected());
          else if ('send' in one) harness.send(one.send, one.thread);
          else harness.read(one.read);
        }
        assert.deepEqual(await harness.count(), harness.expected());
      }),
      { numRuns: 100 },
    );
  });

  it('miss no receipt that moves while they are counted for the first time', async () => {
    const harness = new Harness();
    harness.send(OTHER, 'main');
    harness.whileReading = () => harness.read(undefined);
    await harness.count();
    assert.deepEqual(await harness.count(), {});
  });

  it('miss no receipt that moves while receipts are read again', async () => {
    const harness = new Harness();
    harness.send(OTHER, 'main');
    harness.send(OTHER, '$t1');
    assert.deepEqual(await harness.count(), { main: 1, $t1: 1 });
    harness.read('main');
    harness.whileReading = () => harness.read('$t1');
    await harness.count();
    assert.deepEqual(await harness.count(), {});
  });
});
