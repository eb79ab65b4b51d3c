/** Faults that the checks of the simulation must find within a few seeds: a check that finds nothing is none. */
import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { Life, LifeError } from './life/life.ts';
import type { Fault } from './world/faults.ts';
import { Workshop } from './world/world.ts';

let workshop: Workshop;

before(async () => {
  workshop = await Workshop.open();
});

const SEEDS = 12;

interface Canary {
  readonly name: string;
  readonly faults: readonly Fault[];
  readonly spoil: (life: Life) => void;
  /** How the message begins that must come. */
  readonly found: RegExp;
}

const CANARIES: readonly Canary[] = [
  {
    name: 'P1: a disk that now and then loses what a state changed by',
    faults: ['partition', 'delay'],
    spoil: ({ world }) => {
      const what = 'WHEN NEW.position % 3 = 0 BEGIN DELETE FROM state_log WHERE line = NEW.line AND key = NEW.key; END';
      world.server(1).disk.spoil('state_log', what);
    },
    found: /P1: the state before/,
  },
  {
    name: 'P2: a table of the current state in which entries are missing',
    faults: [],
    spoil: ({ world }) => {
      const what = 'BEGIN DELETE FROM current_state WHERE room = NEW.room AND key = NEW.key; END';
      world.server(1).disk.spoil('current_state', what);
    },
    found: /P2: the current state of two.test/,
  },
  {
    name: 'P3, P4: a server that says that it has taken what it has not',
    faults: ['loss'],
    spoil: ({ world }) => void world.defects.set('two.test', 'deaf'),
    found: /P3: \S+ ends with the events of/,
  },
  {
    name: 'P4: the same where servers need not end alike',
    faults: ['loss'],
    spoil: ({ world }) => void world.defects.set('two.test', 'deaf'),
    found: /P4: \S+ of \S+ is on two.test/,
  },
  {
    name: 'P4: acknowledged before it was on the disk',
    faults: [],
    spoil: ({ world }) => {
      world.defects.set('one.test', 'hasty');
      world.fates.set('one.test', [...Array.from({ length: 12 }, () => 'written' as const), 'crash before']);
    },
    // Another server may have had it already and give it back.
    found: /P4: /,
  },
  {
    name: 'P5: a server that takes every signature for good',
    faults: ['forgery'],
    spoil: ({ world }) => void world.defects.set('one.test', 'gullible'),
    found: /P5: one.test has taken \S+, which was forged/,
  },
  {
    name: 'P6: a server that forgets what it has had',
    faults: ['duplicate', 'loss'],
    spoil: ({ world }) => {
      for (const { disk } of world.servers) {
        for (const table of ['received_messages', 'inbound_transactions']) {
          disk.spoil(table, `BEGIN DELETE FROM ${table}; END`);
        }
      }
    },
    found: /P6: messages from \S+ to \S+ come once each/,
  },
  {
    name: 'P6: a server that takes nothing',
    faults: [],
    spoil: ({ world }) => void world.defects.set('two.test', 'stubborn'),
    found: /P6: the queues of \S+ do not drain/,
  },
  {
    name: 'P6: lists of devices that are never fetched again',
    faults: ['loss'],
    spoil: ({ world }) => {
      for (const { disk } of world.servers) {
        disk.spoil('remote_devices', 'BEGIN UPDATE remote_devices SET json = NULL WHERE user_id = NEW.user_id; END');
      }
    },
    found: /P6: \S+ has the keys of everybody/,
  },
];

for (const { name, faults, spoil, found } of CANARIES) {
  test(name, async (t) => {
    const others = new Set<string>();
    for (let seed = 1; seed <= SEEDS; seed += 1) {
      try {
        await Life.live(workshop, { seed, faults, prepare: spoil });
      } catch (error) {
        assert.ok(error instanceof LifeError, String(error));
        if (found.test(error.message)) {
          t.diagnostic(`found by seed ${seed}`);
          return;
        }
        others.add(error.message.slice(0, 200));
      }
    }
    assert.fail(`not found in ${SEEDS} lives, but:\n${[...others].join('\n')}`);
  });
}
