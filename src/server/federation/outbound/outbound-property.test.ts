/** Whatever happens, in whatever order: nothing is lost, nothing doubled, and the order is kept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Mode, type Peer, World } from '../../../../test/harness/outbound/world.ts';
import { present } from '../../../lib/assert.ts';

const PEERS = 3;
const ROOMS = [1, 2];
const HOUR_MS = 3_600_000;

type Step =
  | { readonly what: 'say'; readonly room: number; readonly times: number }
  | { readonly what: 'name'; readonly room: number; readonly peer: number }
  | { readonly what: 'edu'; readonly peer: number }
  | { readonly what: 'ephemeral'; readonly peer: number }
  | { readonly what: 'mode'; readonly peer: number; readonly mode: Mode }
  | { readonly what: 'join' | 'leave'; readonly room: number; readonly peer: number }
  | { readonly what: 'contact'; readonly peer: number }
  | { readonly what: 'pass'; readonly ms: number }
  | { readonly what: 'restart' | 'crash' };

const room = fc.constantFrom(...ROOMS);
const peer = fc.nat({ max: PEERS - 1 });

function steps(options: { readonly timesMax: number; readonly ends: readonly ('restart' | 'crash')[] }) {
  const one: fc.Arbitrary<Step> = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ what: fc.constant('say'), room, times: fc.integer({ min: 1, max: options.timesMax }) }),
    },
    fc.record({ what: fc.constant('name'), room, peer }),
    { weight: 3, arbitrary: fc.record({ what: fc.constant('edu'), peer }) },
    fc.record({ what: fc.constant('ephemeral'), peer }),
    {
      weight: 3,
      arbitrary: fc.record({ what: fc.constant('mode'), peer, mode: fc.constantFrom('up', 'down', 'mute', 'picky') }),
    },
    fc.record({ what: fc.constantFrom('join', 'leave'), room, peer }),
    fc.record({ what: fc.constant('contact'), peer }),
    {
      weight: 4,
      arbitrary: fc.record({ what: fc.constant('pass'), ms: fc.constantFrom(5, 50, 1000, 15_000, 600_000) }),
    },
    fc.record({ what: fc.constantFrom(...options.ends) }),
  );
  return fc.array(one, { minLength: 5, maxLength: 30 });
}

/** A world, and what each server should have got by now. */
class Story {
  readonly world = new World();
  readonly peers: Peer[] = Array.from({ length: PEERS }, (_, index) => this.world.peer(`peer${index}.example`));
  readonly events = new Map<Peer, string[]>(this.peers.map((one) => [one, []]));
  readonly edus = new Map<Peer, string[]>(this.peers.map((one) => [one, []]));
  /** The newest event of each room, for the servers that are in it. */
  readonly newest = new Map<number, string>();
  #count = 0;

  async begin(): Promise<void> {
    // A server that fails on everything, also on an empty transaction.
    for (const one of this.peers) one.refuse = () => ({ kind: 'refused', status: 503, why: 'HTTP 503' });
    for (const number of ROOMS) await this.world.join(number, ...this.peers.slice(0, 2));
    await this.world.start();
  }

  async act(step: Step): Promise<void> {
    switch (step.what) {
      case 'say':
        for (let count = 0; count < step.times; count += 1) await this.#say(step.room);
        return;
      case 'name':
        return this.#say(step.room, this.#peer(step.peer));
      case 'edu':
        return this.#queueEdu(this.#peer(step.peer));
      case 'ephemeral':
        this.world.outbound.sendEphemeral(this.#peer(step.peer).server, 'key', '"may be dropped"');
        return;
      case 'mode':
        this.#peer(step.peer).mode = step.mode;
        return;
      case 'join':
      case 'leave':
        return this.#move(step.what, step.room, this.#peer(step.peer));
      case 'contact':
        this.world.outbound.contact(this.#peer(step.peer).server);
        return;
      case 'pass':
        return this.world.pass(step.ms, Math.max(1, step.ms / 20));
      case 'restart':
        return this.world.restart();
      case 'crash':
        return this.world.crash();
    }
  }

  /** Everybody answers again, and has time. */
  async end(): Promise<void> {
    for (const one of this.peers) one.mode = 'up';
    await this.world.pass(4 * HOUR_MS, 120_000);
    assert.deepEqual(this.world.errors, []);
    assert.equal(this.world.gauge('active_destinations') + this.world.gauge('sleeping_destinations'), 0);
    assert.deepEqual(this.world.disk.edus, []);
    assert.deepEqual(this.world.disk.undeliverable, []);
  }

  edusOf(one: Peer): string[] {
    return one.edus.filter((edu) => edu !== '"may be dropped"');
  }

  #peer(index: number): Peer {
    return present(this.peers[index], 'the peer');
  }

  async #say(number: number, also?: Peer): Promise<void> {
    const said = await this.world.say(number, also === undefined ? {} : { also });
    const servers = new Set(this.world.disk.serversAt(number, this.world.disk.position));
    for (const one of this.peers) if (servers.has(one.server) || one === also) this.events.get(one)?.push(said);
    this.newest.set(number, said);
  }

  async #queueEdu(one: Peer): Promise<void> {
    this.#count += 1;
    const json = `{"n":${this.#count}}`;
    this.edus.get(one)?.push(json);
    await this.world.queueEdu(one, json);
  }

  async #move(what: 'join' | 'leave', number: number, one: Peer): Promise<void> {
    const isThere = this.world.disk.serversAt(number, this.world.disk.position + 1).includes(one.server);
    if (what === 'leave' && isThere) await this.world.leave(number, one);
    if (what === 'join' && !isThere) {
      await this.world.join(number, one);
      // What was said before is not for it.
      this.newest.delete(number);
    }
  }
}

async function told(script: readonly Step[]): Promise<Story> {
  const story = new Story();
  await story.begin();
  for (const step of script) await story.act(step);
  await story.end();
  return story;
}

test('without a crash every server gets everything that is for it, once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(steps({ timesMax: 2, ends: ['restart'] }), async (script) => {
      const story = await told(script);
      for (const one of story.peers) {
        assert.deepEqual(one.pdus, story.events.get(one));
        assert.deepEqual(story.edusOf(one), story.edus.get(one));
      }
    }),
    { numRuns: 150 },
  );
});

test('after crashes too, where the last moments may be repeated', async () => {
  await fc.assert(
    fc.asyncProperty(steps({ timesMax: 2, ends: ['restart', 'crash'] }), async (script) => {
      const story = await told(script);
      for (const one of story.peers) {
        assert.deepEqual([...new Set(one.pdus)], story.events.get(one));
        assert.deepEqual([...new Set(story.edusOf(one))], story.edus.get(one));
        assert.equal(new Set(one.tried.map(({ transaction }) => transaction.id)).size >= one.taken.length, true);
      }
    }),
    { numRuns: 150 },
  );
});

test('far behind, a server still gets the newest event of every room, all EDUs, and nothing out of order', async () => {
  await fc.assert(
    fc.asyncProperty(steps({ timesMax: 80, ends: ['restart'] }), async (script) => {
      const story = await told(script);
      for (const one of story.peers) {
        const expected = story.events.get(one) ?? [];
        const got = new Set(one.pdus);
        assert.deepEqual(
          [...got],
          expected.filter((pdu) => got.has(pdu)),
          'a part of what is for it, in order',
        );
        assert.deepEqual([...new Set(story.edusOf(one))], story.edus.get(one));
        for (const [number, pdu] of story.newest) {
          const isThere = story.world.disk.serversAt(number, story.world.disk.position + 1).includes(one.server);
          if (isThere) assert.ok(got.has(pdu), `the newest event of room ${number}`);
        }
      }
    }),
    { numRuns: 80 },
  );
});
