/** What a censor between this machine and a server makes of each mechanism, and that just this is found. */
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { after, describe, it } from 'node:test';
import { decode, encode } from 'dns-packet';
import { closedPort, startPlace, startRawPlace } from '../../../test/harness/places.ts';
import { TestAuthority } from '../../bench/remotes/certificates.ts';
import { diagnoseNetwork } from '../doctor/network.ts';
import { type Mechanism, MECHANISMS, OBSERVATIONS } from '../doctor/mechanisms.ts';
import type { NetworkFacts } from '../topology/network-facts.ts';
import { gatherNetwork, type RouteQuestion } from './network.ts';
import { createProbes, type Probes } from './probes.ts';

const NAME = 'chat.test';
const authority = new TestAuthority();
const pair = authority.issue({ names: [NAME, '127.0.0.1'] });
/** As large as the answer of a server is. */
const BODY = 'x'.repeat(1_200);

const server = startPlace((_, response) => response.end(BODY), pair);

/** What stands between: sees the first bytes of a client, and every byte of the server. */
interface Censor {
  /** `undefined` lets it pass. */
  hello?(bytes: Buffer): 'reset' | 'drop' | undefined;
  readonly down?: ((chunk: Buffer, sent: number) => 'stop' | number) | undefined;
}

async function behind(censor: Censor): Promise<number> {
  const target = await server;
  return await startRawPlace((near) => {
    near.once('data', (first: Buffer) => {
      const verdict = censor.hello?.(first);
      if (verdict === 'reset') near.resetAndDestroy();
      if (verdict !== undefined) return;
      const far = connect({ host: '127.0.0.1', port: target });
      far.write(first);
      near.pipe(far);
      void passDown(far, near, censor);
      far.on('error', () => near.destroy());
      near.on('close', () => far.destroy());
    });
  });
}

async function passDown(far: Socket, near: Socket, { down }: Censor): Promise<void> {
  let sent = 0;
  try {
    for await (const chunk of piecesOf(far)) {
      const verdict = down?.(chunk, sent) ?? 0;
      // It is silent from now on, and stays open.
      if (verdict === 'stop') {
        await once(near, 'close');
        return;
      }
      if (verdict > 0) await new Promise((resolve) => void setTimeout(resolve, verdict));
      sent += chunk.length;
      near.write(chunk);
    }
    near.end();
  } catch {
    near.destroy();
  }
}

async function* piecesOf(far: Socket): AsyncGenerator<Buffer> {
  for await (const chunk of far as AsyncIterable<Buffer>) {
    for (let at = 0; at < chunk.length; at += 1_024) yield chunk.subarray(at, at + 1_024);
  }
}

const names = (bytes: Buffer, name: string): boolean => bytes.includes(name);
/** The extension `server_name` of a hello: its type, then lengths that follow from each other. */
const hasName = (bytes: Buffer): boolean => names(bytes, NAME) || names(bytes, '.invalid');

/** A resolver whose questions are answered by what `answers` gives, one after another. */
async function resolver(answers: readonly string[]): Promise<{ host: string; port: number }> {
  const socket = createSocket('udp4');
  socket.on('message', (message, from) => {
    const { id = 0, questions = [] } = decode(message);
    for (const data of answers) {
      const found = { type: 'A', name: questions[0]?.name ?? '', ttl: 1, class: 'IN', data } as const;
      socket.send(encode({ type: 'response', id, questions, answers: [found] }), from.port, from.address);
    }
  });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  after(() => socket.close());
  return { host: '127.0.0.1', port: socket.address().port };
}

const empty = { unlicensed: [], homePorts: [], guessable: [] };

interface Look {
  readonly port: number;
  readonly answers?: readonly string[];
  readonly expected?: readonly string[];
  readonly otherPorts?: readonly number[];
  readonly change?: (probes: Probes) => Probes;
  readonly isPatient?: boolean;
}

async function found(look: Look): Promise<string[]> {
  const { port, answers = ['127.0.0.1'], expected = ['127.0.0.1'], otherPorts = [], change = (one) => one } = look;
  const probes = createProbes({
    extraCa: [authority.certificate],
    authorities: [],
    timeoutMs: 400,
    resolvers: [await resolver(answers)],
  });
  const route: RouteQuestion = { route: `https://${NAME}:${port}`, host: NAME, port, expected, otherPorts };
  const question = { routes: [route], doh: undefined, isPatient: look.isPatient ?? false };
  const gathered = await gatherNetwork(question, change(probes));
  const facts: NetworkFacts = {
    viewpoint: 'user',
    nowMs: Date.now(),
    ...gathered,
    certificates: [],
    federation: [],
    delegation: undefined,
    reach: [],
    push: [],
    forbidden: empty,
  };
  return diagnoseNetwork(facts).map(({ name }) => name);
}

/** A loopback address swallows nothing: what is silent is played. */
const silent =
  (isSilent: (port: number) => boolean) =>
  (probes: Probes): Probes => ({
    ...probes,
    open: async (place) => (isSilent(place.port) ? 'silent' : await probes.open(place)),
  });

/** A censor that does this to every hello of the kind. */
const refusing = async (is: (bytes: Buffer) => boolean, verdict: 'reset' | 'drop'): Promise<Look> => ({
  port: await behind({ hello: (one) => (is(one) ? verdict : undefined) }),
});
const slowing = async (down: Censor['down']): Promise<Look> => ({ port: await behind({ down }) });
const hasOurs = (bytes: Buffer): boolean => names(bytes, NAME);

/** Mechanism → how it is provoked, and what must be found, and nothing else. */
const PROVOKED: Partial<Record<Mechanism, readonly [string[], () => Promise<Look>]>> = {
  dns: [['name-poisoned'], async () => ({ port: await behind({}), answers: ['192.0.2.66'] })],
  'sni-rst': [['name-reset'], () => refusing(hasOurs, 'reset')],
  provincial: [['name-reset'], () => refusing(hasOurs, 'reset')],
  'sni-drop': [['name-dropped'], () => refusing(hasOurs, 'drop')],
  mismatch: [['any-name-reset'], () => refusing(hasName, 'drop')],
  'icp-sni-web': [['any-name-reset'], () => refusing(hasName, 'reset')],
  'dns-abroad': [['name-poisoned'], async () => ({ port: await behind({}), answers: ['192.0.2.66'] })],
  'icp-sni': [['any-name-reset'], () => refusing(hasName, 'reset')],
  ip: [['address-blocked'], async () => ({ port: 443, otherPorts: [8443], change: silent(() => true) })],
  'port-443': [
    ['port-blocked'],
    async () => {
      const open = await behind({});
      return { port: 443, otherPorts: [open], change: silent((one) => one === 443) };
    },
  ],
  freeze: [['connection-freezes'], () => slowing((_, sent) => (sent > 16_384 ? 'stop' : 0))],
  throttle: [['connection-throttled'], () => slowing((chunk) => Math.ceil(chunk.length / 16))],
  evening: [['line-slow'], () => slowing((chunk) => Math.ceil(chunk.length / 50))],
};

describe('each mechanism is found, and nothing besides', () => {
  for (const [mechanism, [expected, provoke]] of Object.entries(PROVOKED)) {
    it(mechanism, async () => {
      assert.deepEqual(await found(await provoke()), expected);
    });
  }

  it('and where there is none, nothing', async () => {
    assert.deepEqual(await found({ port: await behind({}) }), []);
  });

  it('as its finding says', () => {
    for (const [mechanism, [expected]] of Object.entries(PROVOKED)) {
      const observation = OBSERVATIONS[mechanism as Mechanism];
      assert.ok('findings' in observation && expected.every((one) => observation.findings.some((two) => one === two)));
    }
    // Those that are provoked elsewhere: by what the owner has done, and by asking back.
    const elsewhere: readonly Mechanism[] = ['icp-dns', 'inport', 'cgnat', 'serving'];
    const observable = MECHANISMS.filter((one) => 'findings' in OBSERVATIONS[one]);
    assert.deepEqual([...Object.keys(PROVOKED), ...elsewhere].toSorted(), observable.toSorted());
  });
});

describe('beside the mechanisms of the lab', () => {
  it('a second answer to one question is found', async () => {
    const port = await behind({});
    assert.deepEqual(await found({ port, answers: ['127.0.0.1', '192.0.2.1'] }), ['name-answered-twice']);
  });

  it('a name that leads nowhere is found', async () => {
    assert.deepEqual(await found({ port: await behind({}), answers: [], expected: [] }), ['name-not-found']);
  });

  it('a port at which nobody listens is found', async () => {
    assert.deepEqual(await found({ port: await closedPort() }), ['nobody-listens']);
  });

  it('what lasts after a forbidden name is found, and measured by whoever is patient', async () => {
    let blockedUntil = 0;
    const port = await behind({
      hello: (one) => {
        if (names(one, NAME)) blockedUntil = Date.now() + 600;
        return Date.now() < blockedUntil ? 'reset' : undefined;
      },
    });
    let waited = 0;
    const change = (probes: Probes): Probes => ({
      ...probes,
      now: () => waited,
      pause: async (ms) => {
        waited += ms;
        await new Promise((resolve) => void setTimeout(resolve, 250));
      },
    });
    assert.deepEqual(await found({ port, isPatient: true, change }), ['name-reset', 'residual-block']);
    assert.ok(waited >= 20_000);
  });

  it('lost large packets, a wrong certificate and a wrong clock are found', async () => {
    let big = 0;
    const large = await startPlace((request, response) => {
      if (request.headers['x-padding'] === undefined) response.end(BODY);
      else big += 1;
    }, pair);
    assert.deepEqual(await found({ port: large }), ['large-packets-lost']);
    assert.equal(big, 1);
    const wrong = await startPlace((_, response) => response.end(BODY), authority.issue({ names: ['other.test'] }));
    assert.deepEqual(await found({ port: wrong }), ['certificate-wrong-name']);
    const foreign = await startPlace((_, response) => response.end(BODY), new TestAuthority().issue({ names: [NAME] }));
    assert.deepEqual(await found({ port: foreign }), ['certificate-untrusted']);
    const over = await startPlace((_, response) => response.end(BODY), authority.issue({ names: [NAME], until: -0.1 }));
    assert.deepEqual(await found({ port: over }), ['certificate-expired']);
    const ending = authority.issue({ names: [NAME], from: -0.8, until: 0.2 });
    const late = await startPlace((_, response) => response.end(BODY), ending);
    assert.deepEqual(await found({ port: late }), ['certificate-ending']);
    const early = await startPlace((_, response) => {
      response.setHeader('Date', new Date(Date.now() - 120_000).toUTCString());
      response.end(BODY);
    }, pair);
    assert.deepEqual(await found({ port: early }), ['clock-skewed']);
  });

  it('a server that says nothing after the hello, and one that cuts every hello', async () => {
    const mute = await startRawPlace(() => undefined);
    assert.deepEqual(await found({ port: mute }), ['tls-silent']);
    const cutting = await startRawPlace((socket) => void socket.once('data', () => socket.resetAndDestroy()));
    assert.deepEqual(await found({ port: cutting }), ['tls-reset']);
  });
});
