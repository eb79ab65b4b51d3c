import assert from 'node:assert/strict';
import { ConflictError } from '../../ports/store/index.ts';
import { type Case, failureOf } from './kit.ts';

/** What is judged anew, and what judging reads without the events themselves. */
export const VERDICT_CASES: readonly Case[] = [
  {
    name: 'an event that has its place is judged anew, and its relation goes and comes with that',
    run: async (kit) => {
      const { store } = kit;
      const room = await kit.room();
      const parent = await kit.append(room);
      const sender = kit.user();
      const relation = { parent: parent.eventId, relType: 'm.reference', sender, type: 'm.room.message' };
      const event = await kit.append(room, { relation, status: 'accepted' });
      const place = { number: event.number, eventId: event.eventId, room: room.number, stateBefore: undefined };
      const children = async () => {
        const asked = { room: room.number, parent: parent.eventId, direction: 'backwards', limit: 5 } as const;
        return (await store.events.pageRelations(asked)).map((one) => one.eventId);
      };
      assert.deepEqual(await children(), [event.eventId]);
      const { position } = event;
      await kit.write((one) => {
        one.events.rejudge({ ...place, position, status: 'rejected', rejectedWhy: 'so', mainHead: 7, relation });
      });
      assert.deepEqual(await children(), []);
      const [rejected] = await store.events.getEvents([event.eventId]);
      assert.deepEqual([rejected?.status, rejected?.mainHead, rejected?.json], ['rejected', 7, event.json]);
      const at = await kit.write((one) => {
        const stateBefore = { line: room.line, position: 4 };
        one.events.rejudge({ ...place, stateBefore, position: one.position, status: 'accepted', relation });
      });
      assert.deepEqual(await children(), [event.eventId]);
      const [accepted] = await store.events.getEvents([event.eventId]);
      assert.deepEqual([accepted?.position, accepted?.stateBefore?.position, accepted?.mainHead], [at, 4, undefined]);
      // An outlier has no place that could change.
      const outlier = await kit.append(room, { status: 'outlier', position: 0, stateBefore: undefined });
      const adopted = {
        ...place,
        number: outlier.number,
        eventId: outlier.eventId,
        position,
        status: 'accepted',
      } as const;
      assert.ok((await failureOf(store, (one) => one.events.rejudge(adopted))) instanceof ConflictError);
    },
  },
  {
    name: 'facts of events are read without the events',
    run: async (kit) => {
      const room = await kit.room();
      const message = await kit.append(room);
      const statePair = { type: 'm.room.member', stateKey: kit.user() };
      const member = await kit.append(room, { statePair, status: 'outlier', position: 0, stateBefore: undefined });
      const facts = await kit.store.events.getEventFacts([member.eventId, message.eventId, kit.eventId()]);
      const of = ({ number, eventId }: typeof member) => ({ number, eventId, room: room.number });
      assert.deepEqual(
        facts.toSorted((left, right) => left.number - right.number),
        [
          { ...of(message), status: 'accepted', statePair: undefined },
          { ...of(member), status: 'outlier', statePair },
        ],
      );
      assert.deepEqual(await kit.store.events.getEventFacts([]), []);
    },
  },
  {
    name: 'what has arrived in a room is listed in its order, whatever became of it',
    run: async (kit) => {
      const room = await kit.room();
      const statuses = ['accepted', 'rejected', 'soft-failed', 'accepted'] as const;
      const written = [];
      for (const status of statuses) written.push(await kit.append(room, { status }));
      await kit.append(room, { position: -3 });
      await kit.append(room, { status: 'outlier', position: 0, stateBefore: undefined });
      await kit.append(await kit.room());
      const list = async (after: number, limit: number) =>
        (await kit.store.events.listArrivals(room.number, after, limit)).map((one) => one.eventId);
      const ids = written.map((one) => one.eventId);
      assert.deepEqual(await list(Number.MIN_SAFE_INTEGER, 10), ids);
      assert.deepEqual(await list(written[1]?.position ?? 0, 1), [ids[2]]);
      assert.deepEqual(await list(written[3]?.position ?? 0, 10), []);
    },
  },
];
