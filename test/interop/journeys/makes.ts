/** The makes of homeservers that the journeys run with. */
import { randomBytes } from 'node:crypto';
import { closedPort } from '../../harness/places.ts';
import { passwordOf, TestServer } from '../../harness/server.ts';
import { tlsFile } from '../../harness/tls.ts';
import { Synapse } from '../synapse/synapse.ts';
import type { Homeserver } from './homeserver.ts';
import { Person } from './person.ts';

export interface Make {
  readonly name: string;
  readonly start: () => Promise<Homeserver>;
}

async function startSynapse(): Promise<Homeserver> {
  const synapse = await Synapse.start();
  return {
    name: synapse.name,
    url: synapse.url,
    get log() {
      return synapse.log;
    },
    register: async (name) => {
      const localpart = `${name}-${randomBytes(4).toString('hex')}`;
      const password = `password of ${localpart}`;
      return new Person(synapse.url, await synapse.register(localpart, password), password);
    },
    pause: () => synapse.pause(),
    resume: () => synapse.resume(),
    stop: () => synapse.stop(),
  };
}

async function startPostern(): Promise<Homeserver> {
  const [clientPort, federationPort] = [await closedPort(), await closedPort()];
  const tls = { certificate: tlsFile('server.pem'), key: tlsFile('server.key') };
  const address = '127.0.0.1';
  const server = new TestServer({
    config: {
      serverName: `localhost:${federationPort}`,
      listeners: [
        { address, port: clientPort, apis: ['client', 'media', 'admin'] },
        { address, port: federationPort, apis: ['federation', 'keys'], tls },
      ],
      network: { denyRanges: [], extraCa: [tlsFile('ca.pem')] },
      federation: { retry: { initialMs: 100, maxMs: 1000 } },
      presence: { federate: true },
    },
  });
  await server.start();
  return {
    name: `localhost:${federationPort}`,
    url: server.baseUrl,
    get log() {
      return server.logged.slice(-200).join('\n');
    },
    register: async (name) => {
      const { id, token, device } = await server.register(name);
      const session = { user_id: id, access_token: token, device_id: device };
      return new Person(server.baseUrl, session, passwordOf(id));
    },
    pause: () => server.stop(),
    resume: () => server.start(),
    stop: () => server.finish(),
  };
}

export const SYNAPSE: Make = { name: 'Synapse', start: startSynapse };
export const POSTERN: Make = { name: 'Postern', start: startPostern };
