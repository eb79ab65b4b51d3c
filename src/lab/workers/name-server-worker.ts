/** A name server of the lab: an authority for some names, or a resolver that asks others and remembers. */
import { createSocket, type Socket } from 'node:dgram';
import { decode, encode, type Packet } from 'dns-packet';
import { decodeDns, type DnsQuestion, readAddresses, readQuestion, writeAnswer } from '../packet/dns.ts';
import type { NameServerSettings } from '../network/messages.ts';

const [settingsText = '{}'] = process.argv.slice(2);
let settings: NameServerSettings = JSON.parse(settingsText);
/** Answers that were given by others, and until when they hold. */
const cache = new Map<string, { readonly until: number; readonly addresses: readonly string[] }>();
const CACHE_MAX = 1_000;
const TRIES_MS = [1_500, 3_000];
const NAME_ERROR = 3;
const SERVER_FAILURE = 2;

type Asked = Pick<DnsQuestion, 'id' | 'name' | 'type'>;

function answerOwn(question: Asked, addresses: readonly string[]): Uint8Array {
  return writeAnswer(question, { addresses, ttlSeconds: settings.ttlSeconds, isAuthoritative: true });
}

/** An answer without records that says why. */
function refuse(question: Asked, code: number): Uint8Array {
  const bytes = answerOwn({ ...question, type: 'A' }, []);
  bytes[3] = ((bytes[3] ?? 0) & 0xf0) | code;
  return bytes;
}

async function answer(message: Uint8Array): Promise<Uint8Array | undefined> {
  const question = readQuestion(message);
  if (question === undefined || question.isAnswer) return undefined;
  const own = settings.zone.find((one) => one.name === question.name);
  if (own !== undefined) return answerOwn(question, own.addresses);
  const upstream = settings.forward.find(({ below }) => below === '' || isBelow(question.name, below));
  if (upstream === undefined) return refuse(question, NAME_ERROR);
  const key = `${question.type} ${question.name}`;
  const known = cache.get(key);
  if (known !== undefined && performance.now() < known.until) return answerOwn(question, known.addresses);
  const got = await ask(upstream.address, question);
  if (got === undefined) return refuse(question, SERVER_FAILURE);
  remember(key, got);
  // The flags say what the other server said; the number is the asker's.
  return encode({ ...got, id: question.id });
}

function isBelow(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

function remember(key: string, got: Packet): void {
  const ttl = Math.min(...(got.answers ?? []).map((one) => ('ttl' in one ? (one.ttl ?? 0) : 0)));
  if (!Number.isFinite(ttl)) return;
  if (cache.size >= CACHE_MAX) cache.clear();
  const addresses = readAddresses(encode(got)).map((one) => one.address);
  cache.set(key, { until: performance.now() + ttl * 1_000, addresses });
}

/** The first answer wins, as with any resolver: that is how a forged one gets into the memory. */
function ask(address: string, question: Asked): Promise<Packet | undefined> {
  const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  const id = Math.floor(Math.random() * 65_536);
  const bytes = encode({
    type: 'query',
    id,
    flags: 0x100,
    questions: [{ name: question.name, type: question.type, class: 'IN' }],
  });
  return new Promise((resolve) => {
    const timers = TRIES_MS.map((ms) => setTimeout(() => socket.send(bytes, 53, address), ms));
    const end = (packet: Packet | undefined): void => {
      for (const timer of timers) clearTimeout(timer);
      socket.close();
      resolve(packet);
    };
    timers.push(setTimeout(() => end(undefined), 5_000));
    socket.on('error', () => undefined);
    socket.on('message', (message) => {
      if (decodeDns(message)?.id === id) end(decode(message));
    });
    socket.send(bytes, 53, address);
  });
}

async function listen(family: 'udp4' | 'udp6'): Promise<void> {
  const socket: Socket = createSocket(family === 'udp6' ? { type: family, ipv6Only: true } : { type: family });
  socket.on('error', () => undefined);
  socket.on('message', (message, from) => {
    void answer(message).then((bytes) => {
      if (bytes !== undefined) socket.send(bytes, from.port, from.address);
    });
  });
  await new Promise<void>((resolve) => socket.bind(53, family === 'udp6' ? '::' : '0.0.0.0', resolve));
}

process.on('message', (next: NameServerSettings) => {
  settings = next;
  cache.clear();
  process.send?.('ready');
});
process.on('disconnect', () => process.exit(0));
await Promise.all([listen('udp4'), listen('udp6')]);
process.send?.('ready');
