/** A process on a host that asks what the lab wants to know from there. */
import { createSocket } from 'node:dgram';
import { request as requestPlain, type RequestOptions } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { connect as connectTls } from 'node:tls';
import { errorCode } from '../../lib/error-code.ts';
import type {
  AgentAnswer,
  AgentCommand,
  AgentReport,
  CountAnswer,
  FetchAnswer,
  Numbered,
} from '../network/messages.ts';
import type { ResolveAnswer, SayAnswer } from '../network/messages.ts';
import { decodeDns, readAddresses, writeQuestion } from '../packet/dns.ts';

type Of<Kind extends AgentCommand['do']> = Extract<AgentCommand, { do: Kind }>;

const FETCH_MS = 15_000;

function fetchFrom(command: Of<'fetch'>): Promise<FetchAnswer> {
  const url = new URL(command.url);
  const start = performance.now();
  const { ca, address } = command;
  const options: RequestOptions & { ca?: string; servername?: string } = {
    method: command.method ?? 'GET',
    headers: { Host: url.host, ...command.headers },
    signal: AbortSignal.timeout(command.timeoutMs ?? FETCH_MS),
    agent: false,
    ...(ca !== undefined && { ca }),
    ...(address !== undefined && { host: address, servername: url.hostname }),
  };
  return new Promise((resolve, reject) => {
    const call = url.protocol === 'https:' ? requestTls(url, options) : requestPlain(url, options);
    call.once('error', reject);
    call.once('response', (response) => {
      const headers = Object.fromEntries(Object.entries(response.headers).map(([name, one]) => [name, String(one)]));
      const status = response.statusCode ?? 0;
      text(response).then((body) => resolve({ status, headers, body, ms: performance.now() - start }), reject);
    });
    call.end(command.body);
  });
}

/** Collects everything that answers one question, forged or true. */
async function resolveFrom({ server, name, waitMs }: Of<'resolve'>): Promise<ResolveAnswer> {
  const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
  const start = performance.now();
  const answers: { ms: number; addresses: string[]; isTrue: boolean }[] = [];
  socket.on('error', () => undefined);
  socket.on('message', (message) => {
    const isTrue = decodeDns(message)?.flag_aa === true;
    const addresses = readAddresses(message).map((one) => one.address);
    answers.push({ ms: performance.now() - start, addresses, isTrue });
  });
  socket.send(writeQuestion(name), 53, server);
  await pause(waitMs);
  socket.close();
  return { answers };
}

/** Says some bytes to a port and tells what comes back, and how it ends. */
function sayTo(command: Of<'say'>): Promise<SayAnswer> {
  const { address, port, bytes, waitMs, tls } = command;
  const start = performance.now();
  const plain = connect({ host: address, port });
  const { serverName } = tls ?? {};
  const named = serverName === undefined ? {} : { servername: serverName };
  const socket: Socket = tls === undefined ? plain : connectTls({ socket: plain, rejectUnauthorized: false, ...named });
  const parts: Buffer[] = [];
  let openMs: number | undefined;
  return new Promise((resolve) => {
    const end = (how: SayAnswer['end']): void => {
      clearTimeout(timer);
      socket.destroy();
      plain.destroy();
      const ms = performance.now() - start;
      resolve({ ...(openMs !== undefined && { openMs }), bytes: Buffer.concat(parts), ms, end: how });
    };
    const timer = setTimeout(() => end(openMs === undefined ? 'timeout' : 'open'), waitMs);
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
      openMs = performance.now() - start;
      socket.write(bytes);
    });
    socket.on('data', (part) => parts.push(part));
    socket.once('end', () => end('closed'));
    plain.on('error', () => undefined);
    socket.once('error', (error) => {
      const code = errorCode(error);
      if (code === 'ECONNRESET') end('reset');
      else end(code === 'ECONNREFUSED' ? 'refused' : code.startsWith('ERR_SSL') ? 'tls' : 'closed');
    });
  });
}

async function countOn({ port, waitMs }: Of<'count'>): Promise<CountAnswer> {
  const socket = createSocket('udp4');
  let packets = 0;
  let bytes = 0;
  let first = 0;
  let last = 0;
  socket.on('message', (message) => {
    last = performance.now();
    if (packets === 0) first = last;
    packets += 1;
    bytes += message.length;
  });
  await new Promise<void>((resolve) => socket.bind(port, '0.0.0.0', resolve));
  await pause(waitMs);
  socket.close();
  return { packets, bytes, spanMs: last - first };
}

async function blast({ address, port, sizeBytes, kbps, forMs }: Of<'blast'>): Promise<CountAnswer> {
  const socket = createSocket('udp4');
  const payload = Buffer.alloc(sizeBytes);
  const start = performance.now();
  let packets = 0;
  for (let now = start; now - start < forMs; now = performance.now()) {
    for (; packets * sizeBytes * 8 < (now - start) * kbps; packets += 1) socket.send(payload, port, address);
    await pause(2);
  }
  // What the kernel has not taken yet would be lost with the socket.
  await pause(50);
  socket.close();
  return { packets, bytes: packets * sizeBytes, spanMs: performance.now() - start };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function obey(command: AgentCommand): Promise<AgentAnswer> {
  switch (command.do) {
    case 'fetch':
      return fetchFrom(command);
    case 'resolve':
      return resolveFrom(command);
    case 'say':
      return sayTo(command);
    case 'count':
      return countOn(command);
    case 'blast':
      return blast(command);
  }
}

function tell(report: AgentReport): void {
  process.send?.(report);
}

process.on('message', ({ id, command }: Numbered<AgentCommand>) => {
  obey(command).then(
    (answer) => tell({ tell: 'answer', id, answer }),
    (error: unknown) => tell({ tell: 'failed', id, code: errorCode(error), message: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
tell({ tell: 'ready' });
