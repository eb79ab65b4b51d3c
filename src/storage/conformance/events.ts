import assert from 'node:assert/strict';
import type { EventId, UserId } from '../../matrix/ids.ts';
import { ConflictError, type EventStatus } from '../../ports/store/index.ts';
import { type Case, failureOf, type Kit, type TestRoom } from './kit.ts';

const BACK = { direction: 'backwards', limit: 10 } as const;
const FORTH = { direction: 'forwards', limit: 10 } as const;

async function threadReply(kit: Kit, room: TestRoom, parent: EventId, sender = '@a:test.example'): Promise<EventId> {
  const relation = { parent, relType: 'm.thread', sender: sender as UserId, type: 'm.room.message' };
  return (await kit.append(room, { relation, sender: sender as UserId })).eventId;
}

export const EVENT_CASES: readonly Case[] = [
  {
    name: 'an event comes back as it was, by id and by number',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const written = await kit.append(room, { content: '{"body":"äöü \\u0000 😀"}' });
      const [event] = await store.events.getEvents([written.eventId]);
      assert.deepEqual(event, {
        number: written.number,
        eventId: written.eventId,
        room: room.number,
        position: written.position,
        json: written.json,
        contentStart: written.contentStart,
        contentEnd: written.contentEnd,
        status: 'accepted',
        stateBefore: { line: room.line, position: 0 },
        mainHead: undefined,
        redactedBy: undefined,
      });
      assert.deepEqual(await store.events.getEventsByNumber([written.number]), [event]);
      assert.deepEqual(await store.events.getEvents([kit.eventId()]), []);
      assert.deepEqual(await store.events.getEvents([]), []);
      assert.deepEqual(await store.events.getEventsByNumber([]), []);
    },
  },
  {
    name: 'an outlier gets its place once',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const before = await kit.append(room);
      const outlier = await kit.append(room, { status: 'outlier', position: 0, stateBefore: undefined });
      const relation = {
        parent: before.eventId,
        relType: 'm.reference',
        sender: '@a:x' as UserId,
        type: 'm.room.message',
      };
      const place = {
        number: outlier.number,
        eventId: outlier.eventId,
        room: room.number,
        status: 'accepted' as const,
        stateBefore: { line: room.line, position: 0 },
        mainHead: 3,
        relation,
      };
      let position = 0;
      await store.transact((transaction) => {
        position = transaction.position;
        transaction.events.adopt({ ...place, position });
      });
      const [event] = await store.events.getEvents([outlier.eventId]);
      assert.equal(event?.status, 'accepted');
      assert.equal(event.position, position);
      assert.equal(event.mainHead, 3);
      assert.deepEqual(event.stateBefore, place.stateBefore);
      assert.equal(event.json, outlier.json);
      const children = await store.events.pageRelations({
        room: room.number,
        parent: before.eventId,
        direction: 'backwards',
        limit: 5,
      });
      assert.deepEqual(
        children.map((one) => one.eventId),
        [outlier.eventId],
      );
      // What has a place keeps it.
      await assert.rejects(store.transact((transaction) => transaction.events.adopt({ ...place, position })));
    },
  },
  {
    name: 'many events are read at once, unknown ones are left out',
    run: async (kit) => {
      const room = await kit.room();
      const written = [await kit.append(room), await kit.append(room), await kit.append(room)];
      const ids = [...written.map((one) => one.eventId), kit.eventId()];
      const read = await kit.store.events.getEvents(ids);
      assert.deepEqual(new Set(read.map((one) => one.eventId)), new Set(written.map((one) => one.eventId)));
    },
  },
  {
    name: 'ids of room versions 1 to 3 are kept apart from hashes',
    run: async (kit) => {
      const room = await kit.room();
      const ids = [`$${kit.unique()}abcdefghijkl:server.example`, `$${'+'.repeat(40)}/A8`, '$a:b'] as EventId[];
      for (const eventId of ids) await kit.append(room, { eventId });
      const read = await kit.store.events.getEvents(ids);
      assert.deepEqual(new Set(read.map((one) => one.eventId)), new Set(ids));
    },
  },
  {
    name: 'an event id is stored once',
    run: async (kit) => {
      const room = await kit.room();
      const { eventId } = await kit.append(room);
      const again = kit.event(room, { eventId });
      const failure = await failureOf(kit.store, (one) => {
        one.events.append({ ...again, position: one.position });
      });
      assert.ok(failure instanceof ConflictError);
      assert.deepEqual(await kit.store.events.getEventsByNumber([again.number]), []);
    },
  },
  {
    name: 'the timeline is paged both ways, without what it does not show',
    run: async (kit) => {
      const { events } = kit.store;
      const room = await kit.room();
      const first = await kit.append(room);
      for (const status of ['soft-failed', 'rejected'] satisfies EventStatus[]) {
        await kit.append(room, { status, rejectedWhy: 'rule 5' });
      }
      await kit.append(room, { status: 'outlier', position: 0, stateBefore: undefined });
      const older = await kit.append(room, { position: -kit.unique() });
      const second = await kit.append(room);
      const third = await kit.append(room);
      const idsOf = (list: readonly { eventId: EventId }[]): EventId[] => list.map((one) => one.eventId);
      const all = { room: room.number, from: Number.MAX_SAFE_INTEGER };
      assert.deepEqual(idsOf(await events.pageTimeline({ ...all, ...BACK })), idsOf([third, second, first, older]));
      assert.deepEqual(idsOf(await events.pageTimeline({ ...all, ...BACK, limit: 2 })), idsOf([third, second]));
      const range = { room: room.number, from: third.position, to: first.position };
      assert.deepEqual(idsOf(await events.pageTimeline({ ...range, ...BACK })), idsOf([second, first]));
      const forth = { room: room.number, from: first.position, to: third.position };
      assert.deepEqual(idsOf(await events.pageTimeline({ ...forth, ...FORTH })), idsOf([second, third]));
      assert.equal(await events.countAfter(room.number, first.position), 2);
      assert.equal(await events.countAfter(room.number, Number.MIN_SAFE_INTEGER), 4);
    },
  },
  {
    name: 'the nearest event to a time is found in both directions',
    run: async (kit) => {
      const { events } = kit.store;
      const room = await kit.room();
      const early = await kit.append(room, { originServerTs: 1000 });
      const late = await kit.append(room, { originServerTs: 3000 });
      await kit.append(room, { originServerTs: 2000, status: 'soft-failed' });
      assert.equal((await events.findByTimestamp(room.number, 2000, 'forwards'))?.eventId, late.eventId);
      assert.equal((await events.findByTimestamp(room.number, 2000, 'backwards'))?.eventId, early.eventId);
      assert.equal((await events.findByTimestamp(room.number, 3000, 'forwards'))?.eventId, late.eventId);
      assert.equal(await events.findByTimestamp(room.number, 3001, 'forwards'), undefined);
      assert.equal(await events.findByTimestamp(room.number, 999, 'backwards'), undefined);
    },
  },
  {
    name: 'relations are paged by type, and the hidden ones are none',
    run: async (kit) => {
      const { events } = kit.store;
      const room = await kit.room();
      const parent = (await kit.append(room)).eventId;
      const sender = kit.user();
      const base = { parent, sender };
      const reaction = await kit.append(room, {
        relation: { ...base, relType: 'm.annotation', key: '👍', type: 'm.reaction' },
      });
      const edit = await kit.append(room, { relation: { ...base, relType: 'm.replace', type: 'm.room.message' } });
      await kit.append(room, {
        status: 'soft-failed',
        relation: { ...base, relType: 'm.annotation', type: 'm.reaction' },
      });
      const ask = { room: room.number, parent };
      const idsOf = async (request: object): Promise<EventId[]> =>
        (await events.pageRelations({ ...ask, ...BACK, ...request })).map((one) => one.eventId);
      assert.deepEqual(await idsOf({}), [edit.eventId, reaction.eventId]);
      assert.deepEqual(await idsOf(FORTH), [reaction.eventId, edit.eventId]);
      assert.deepEqual(await idsOf({ relType: 'm.annotation' }), [reaction.eventId]);
      assert.deepEqual(await idsOf({ type: 'm.room.message' }), [edit.eventId]);
      assert.deepEqual(await idsOf({ relType: 'm.annotation', type: 'm.room.message' }), []);
      assert.deepEqual(await idsOf({ from: edit.position }), [reaction.eventId]);
      assert.deepEqual(await idsOf({ ...FORTH, from: reaction.position, to: edit.position }), [edit.eventId]);
      assert.deepEqual(await idsOf({ limit: 1 }), [edit.eventId]);
    },
  },
  {
    name: 'a replacement is the latest one by the same sender and of the same type',
    run: async (kit) => {
      const room = await kit.room();
      const [author, stranger] = [kit.user(), kit.user()];
      const parent = (await kit.append(room, { sender: author })).eventId;
      const relation = { parent, relType: 'm.replace', sender: author, type: 'm.room.message' };
      await kit.append(room, { originServerTs: 1000, relation });
      const latest = await kit.append(room, { originServerTs: 5000, relation });
      await kit.append(room, { originServerTs: 2000, relation });
      await kit.append(room, { originServerTs: 9000, relation: { ...relation, sender: stranger } });
      await kit.append(room, { originServerTs: 9000, relation: { ...relation, type: 'm.room.topic' } });
      const plain = (await kit.append(room)).eventId;
      const replacements = await kit.store.events.getReplacements(room.number, [parent, plain]);
      assert.deepEqual(
        [...replacements].map(([key, value]) => [key, value.eventId]),
        [[parent, latest.eventId]],
      );
      assert.equal((await kit.store.events.getReplacements(room.number, [])).size, 0);
    },
  },
  {
    name: 'threads are counted and paged by their newest reply',
    run: async (kit) => {
      const { events } = kit.store;
      const room = await kit.room();
      const [author, other] = [kit.user(), kit.user()];
      const root = (await kit.append(room, { sender: author })).eventId;
      const second = (await kit.append(room)).eventId;
      await threadReply(kit, room, root);
      await threadReply(kit, room, second, other);
      const latest = await threadReply(kit, room, root);
      const summaries = await events.getThreadSummaries(room.number, [root, second, kit.eventId()], other);
      assert.equal(summaries.size, 2);
      assert.equal(summaries.get(root)?.count, 2);
      const participated = [root, second].map((id) => summaries.get(id)?.participated);
      assert.deepEqual(participated, [false, true]);
      assert.equal(summaries.get(root)?.latest.eventId, latest);
      assert.equal((await events.getThreadSummaries(room.number, [], other)).size, 0);
      const rootsOf = async (options: object): Promise<EventId[]> =>
        (await events.pageThreadRoots(room.number, { limit: 10, ...options })).map((one) => one.root);
      assert.deepEqual(await rootsOf({}), [root, second]);
      assert.deepEqual(await rootsOf({ limit: 1 }), [root]);
      const [newest] = await events.pageThreadRoots(room.number, { limit: 1 });
      assert.deepEqual(await rootsOf({ from: newest?.latestPosition }), [second]);
      assert.deepEqual(await rootsOf({ participant: other }), [second]);
      assert.deepEqual(await rootsOf({ participant: author }), [root]);
      assert.deepEqual(await rootsOf({ participant: kit.user() }), []);
    },
  },
  {
    name: 'forward extremities are added and removed',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const [left, right] = [await kit.append(room, { depth: 3 }), await kit.append(room, { depth: 4 })];
      await store.transact((one) => {
        one.events.setForwardExtremities(room.number, [left.number, right.number], []);
      });
      await store.transact((one) => {
        one.events.setForwardExtremities(room.number, [right.number], [left.number]);
      });
      assert.deepEqual(await store.events.getForwardExtremities(room.number), [
        { eventId: right.eventId, number: right.number, depth: 4 },
      ]);
    },
  },
  {
    name: 'a redacted event has lost its content and its relation',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const parent = (await kit.append(room)).eventId;
      const reaction = await kit.append(room, {
        relation: { parent, relType: 'm.annotation', key: 'x', sender: kit.user(), type: 'm.reaction' },
      });
      const redactedBy = kit.eventId();
      await store.transact((one) => {
        one.events.expectRedaction(reaction.eventId, redactedBy);
        const { number } = reaction;
        one.events.redact({ number, json: '{"content":{}}', contentStart: 11, contentEnd: 13, redactedBy });
      });
      const [event] = await store.events.getEvents([reaction.eventId]);
      assert.equal(event?.json, '{"content":{}}');
      assert.deepEqual([event.contentStart, event.contentEnd, event.redactedBy], [11, 13, redactedBy]);
      assert.deepEqual(await store.events.pageRelations({ room: room.number, parent, ...BACK }), []);
      assert.equal((await store.events.getPendingRedactions([reaction.eventId])).size, 0);
      const failure = await failureOf(store, (one) => {
        const number = store.allocateEvent();
        one.events.redact({ number, json: '{}', contentStart: 0, contentEnd: 0, redactedBy });
      });
      assert.ok(failure instanceof ConflictError);
    },
  },
  {
    name: 'a redaction that came before its target is remembered',
    run: async (kit) => {
      const { store } = kit;
      const [target, redaction] = [kit.eventId(), kit.eventId()];
      await store.transact((one) => {
        one.events.expectRedaction(target, redaction);
        one.events.expectRedaction(target, kit.eventId());
      });
      assert.deepEqual(
        await store.events.getPendingRedactions([target, kit.eventId()]),
        new Map([[target, redaction]]),
      );
      assert.equal((await store.events.getPendingRedactions([])).size, 0);
    },
  },
  {
    name: 'a transaction id belongs to a device and an endpoint, and is used once',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const [user, device] = [kit.user(), kit.device()];
      const key = { user, device, scope: 'send', transactionId: "m1'; DROP TABLE events; --" };
      const event = kit.event(room);
      await store.transact((one) => {
        // Recorded first on purpose: the order inside a transaction is the caller's.
        one.events.recordTransaction({ ...key, event: event.eventId, sentAt: 1000 });
        one.events.append({ ...event, position: one.position });
      });
      const { events } = store;
      assert.equal(await events.findByTransaction(key), event.eventId);
      assert.equal(await events.findByTransaction({ ...key, scope: 'redact' }), undefined);
      assert.equal(await events.findByTransaction({ ...key, device: kit.device() }), undefined);
      const used = { scope: key.scope, transactionId: key.transactionId };
      assert.deepEqual(await events.listTransactions(user, device, 5), [used]);
      assert.deepEqual(await events.listTransactions(user, device, 0), []);
      assert.deepEqual(await events.listTransactions(user, kit.device(), 5), []);
      const ids = [event.eventId, kit.eventId()];
      assert.deepEqual(
        await events.getTransactionIds(user, device, ids),
        new Map([[event.eventId, key.transactionId]]),
      );
      assert.equal((await events.getTransactionIds(user, kit.device(), ids)).size, 0);
      assert.equal((await events.getTransactionIds(user, device, [])).size, 0);
      const again = await kit.append(room);
      const failure = await failureOf(store, (one) => {
        one.events.recordTransaction({ ...key, event: again.eventId, sentAt: 2000 });
      });
      assert.ok(failure instanceof ConflictError);
    },
  },
  {
    name: 'old transaction ids are deleted',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const [user, device] = [kit.user(), kit.device()];
      for (const sentAt of [10_000, 20_000]) {
        const { eventId } = await kit.append(room);
        const key = { user, device, scope: 'send', transactionId: String(sentAt) };
        await store.transact((one) => {
          one.events.recordTransaction({ ...key, event: eventId, sentAt });
        });
      }
      await store.transact((one) => {
        one.events.deleteTransactionsBefore(20_000);
      });
      const find = (transactionId: string): Promise<EventId | undefined> =>
        store.events.findByTransaction({ user, device, scope: 'send', transactionId });
      assert.equal(await find('10000'), undefined);
      assert.notEqual(await find('20000'), undefined);
    },
  },
];
