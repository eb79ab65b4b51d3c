/** The journeys, for every pair of homeservers and in both directions. */
import { after, before, suite, test } from 'node:test';
import { findSynapse } from '../synapse/install.ts';
import { ENCRYPTED } from './encryption.ts';
import type { Homeserver, Journey, World } from './homeserver.ts';
import { type Make, POSTERN, SYNAPSE } from './makes.ts';
import { MEMBERSHIP } from './membership.ts';
import { PEOPLE } from './people.ts';
import { ROOMS } from './rooms.ts';

/** Host and guest. */
const PAIRS: readonly (readonly [Make, Make])[] = [
  [SYNAPSE, SYNAPSE],
  [POSTERN, POSTERN],
  [POSTERN, SYNAPSE],
  [SYNAPSE, POSTERN],
];
const ROOM_VERSIONS = Array.from({ length: 12 }, (_, index) => String(index + 1));
/** Those of every journey, unless others are asked for. */
const USUAL_VERSIONS = ['1', '10', '11', '12'];
/** What `test/interop/run.ts` was asked to leave out: pairs, as in `Postern-Synapse`, and room versions. */
const wanted = {
  pairs: process.env['POSTERN_INTEROP_PAIRS']?.split(','),
  roomVersions: process.env['POSTERN_INTEROP_ROOM_VERSIONS']?.split(',') ?? USUAL_VERSIONS,
};
const known = new Set([...PAIRS.map(([host, guest]) => `${host.name}-${guest.name}`), ...ROOM_VERSIONS]);
for (const one of [...(wanted.pairs ?? []), ...wanted.roomVersions]) {
  if (!known.has(one)) throw new Error(`there is no pair and no room version ${one}: ${[...known].join(' ')}`);
}

const skip = findSynapse() === undefined ? 'Synapse is not installed: npm run test:interop' : false;

for (const [host, guest] of PAIRS) {
  if (wanted.pairs?.includes(`${host.name}-${guest.name}`) === false) continue;
  suite(`${host.name} hosts, ${guest.name} visits`, { skip }, () => {
    const servers: Homeserver[] = [];
    before(async () => {
      for (const make of [host, guest]) servers.push(await make.start());
    });
    after(async () => {
      for (const server of servers) await server.stop();
    });

    const add = ({ name, run, beyond }: Journey, roomVersion: string, title = name): void => {
      const lacks = beyond?.make === guest.name ? beyond.why : false;
      test(title, { skip: lacks }, async () => {
        const [hosting, visiting] = servers;
        if (hosting === undefined || visiting === undefined) throw new Error('the servers have not started');
        await run({ host: hosting, guest: visiting, roomVersion } satisfies World);
      });
    };
    for (const version of ROOM_VERSIONS) {
      if (!wanted.roomVersions.includes(version)) continue;
      for (const one of [...MEMBERSHIP, ...ROOMS]) {
        if (Number(version) >= (one.since ?? 1)) add(one, version, `${one.name} (room version ${version})`);
      }
    }
    for (const one of [...PEOPLE, ...ENCRYPTED]) add(one, '12');
  });
}
