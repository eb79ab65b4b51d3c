/** Looks at the network from this machine, one question at a time. Nothing but the owner's own places is asked. */
import { randomInt } from 'node:crypto';
import { getServers } from 'node:dns';
import { lookup } from 'node:dns/promises';
import { connect, isIP, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { errorCode } from '../../lib/error-code.ts';
import { issuerOf } from '../certificates/check.ts';
import { askForAddresses, questionFor, readAddresses } from '../dns/ask.ts';
import type { LookUp, ShownCertificate, TcpOutcome, TlsOutcome } from '../topology/network-facts.ts';
import { type Exchange, exchangeOver } from './exchange.ts';

export interface Place {
  /** An IP address. */
  readonly address: string;
  readonly port: number;
}

export interface Hello {
  readonly outcome: TlsOutcome;
  readonly certificate: ShownCertificate | undefined;
}

/** What the gatherer asks; tests play it. */
export interface Probes {
  lookUp(name: string): Promise<LookUp>;
  /** Asks a resolver over HTTPS (RFC 8484). */
  lookUpOverHttps(url: string, name: string): Promise<LookUp>;
  open(place: Place): Promise<TcpOutcome>;
  /** A TLS hello with this name, or with none; `fits` is judged for `host`. */
  greet(place: Place, serverName: string | undefined, host: string): Promise<Hello>;
  /** Requests over one connection; `undefined` where nothing was answered. */
  exchange(place: Place, serverName: string | undefined, host: string): Promise<Exchange | undefined>;
  hasIpv6(): boolean;
  now(): number;
  pause(ms: number): Promise<void>;
}

export interface ProbeOptions {
  /** Further authorities to trust, PEM. */
  readonly extraCa: readonly string[];
  readonly authorities: readonly string[];
  readonly timeoutMs?: number;
  /** The system's resolvers unless said. */
  readonly resolvers?: readonly { readonly host: string; readonly port: number }[];
}

const TIMEOUT_MS = 8_000;
const MORE_ANSWERS_MS = 700;
const DOH_BYTES_MAX = 4_096;

/** The probes of this machine. */
export function createProbes(options: ProbeOptions): Probes {
  const { timeoutMs = TIMEOUT_MS } = options;
  return {
    lookUp: (name) => lookUp(name, options),
    lookUpOverHttps: (url, name) => lookUpOverHttps(url, name, timeoutMs),
    open: async (place) => {
      const { outcome, socket } = await openSocket(place, timeoutMs);
      socket.destroy();
      return outcome;
    },
    greet: async (place, serverName, host) => {
      const { outcome, secure } = await handshake(place, serverName, options);
      const certificate = secure === undefined ? undefined : certificateOf(secure, host);
      secure?.destroy();
      return { outcome, certificate };
    },
    exchange: async (place, serverName, host) => {
      const connectAgain = async (): Promise<TLSSocket | undefined> =>
        (await handshake(place, serverName, options)).secure;
      return await exchangeOver(connectAgain, host, timeoutMs);
    },
    hasIpv6: () => Object.values(networkInterfaces()).some((list = []) => list.some(isGlobalIpv6)),
    now: () => Date.now(),
    pause: (ms) => new Promise((resolve) => void setTimeout(resolve, ms)),
  };
}

function isGlobalIpv6({ family, address, internal }: { family: string; address: string; internal: boolean }): boolean {
  return family === 'IPv6' && !internal && /^[23]/.test(address);
}

async function lookUp(name: string, { resolvers, timeoutMs = TIMEOUT_MS }: ProbeOptions): Promise<LookUp> {
  if (isIP(name) !== 0) return { addresses: [name], hasFailed: false, answers: 1 };
  const [server] = resolvers ?? getServers().map(resolverOf);
  const id = randomInt(65_536);
  const asking = { type: 'A', id, timeoutMs, moreMs: MORE_ANSWERS_MS } as const;
  const answers = server === undefined ? [] : await askForAddresses(server, name, asking);
  const different = new Set(answers.map((one) => one.toSorted().join(' ')));
  const first = answers[0];
  // What programs are told counts: it may stand in the hosts file. Tests have resolvers of their own.
  const told = resolvers === undefined ? await systemAddresses(name) : first;
  return { addresses: told ?? [], hasFailed: told === undefined, answers: different.size };
}

async function systemAddresses(name: string): Promise<string[] | undefined> {
  try {
    return (await lookup(name, { all: true })).map(({ address }) => address);
  } catch {
    return undefined;
  }
}

function resolverOf(text: string): { host: string; port: number } {
  const match = /^\[(.+)\]:([0-9]+)$/.exec(text) ?? /^([0-9.]+):([0-9]+)$/.exec(text);
  return match === null ? { host: text, port: 53 } : { host: match[1] ?? '', port: Number(match[2]) };
}

async function lookUpOverHttps(url: string, name: string, timeoutMs: number): Promise<LookUp> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'Content-Type': 'application/dns-message', Accept: 'application/dns-message' },
      body: Buffer.from(questionFor(name, 'A', 0)),
      redirect: 'error',
      signal: AbortSignal.timeout(timeoutMs),
    });
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of response.body ?? []) {
      size += chunk.length;
      if (size > DOH_BYTES_MAX) throw new Error('more than an answer');
      chunks.push(chunk);
    }
    const addresses = response.ok ? readAddresses(Buffer.concat(chunks), 0) : undefined;
    return { addresses: addresses ?? [], hasFailed: addresses === undefined, answers: 1 };
  } catch {
    return { addresses: [], hasFailed: true, answers: 0 };
  }
}

interface Opened {
  readonly outcome: TcpOutcome;
  readonly socket: Socket;
}

function openSocket({ address, port }: Place, timeoutMs: number): Promise<Opened> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (outcome: TcpOutcome): void => {
      clearTimeout(timer);
      resolve({ outcome, socket });
    };
    const timer = setTimeout(() => end('silent'), timeoutMs);
    socket.once('connect', () => end('open'));
    socket.on('error', (error) => {
      const code = errorCode(error);
      if (code === 'ETIMEDOUT') end('silent');
      else end(code === 'ECONNREFUSED' || code === 'ECONNRESET' ? 'refused' : 'unreachable');
    });
  });
}

interface Shaken {
  readonly outcome: TlsOutcome;
  readonly secure: TLSSocket | undefined;
}

async function handshake(place: Place, serverName: string | undefined, options: ProbeOptions): Promise<Shaken> {
  const { timeoutMs = TIMEOUT_MS, authorities, extraCa } = options;
  const { outcome: opened, socket } = await openSocket(place, timeoutMs);
  if (opened !== 'open') {
    socket.destroy();
    return { outcome: opened === 'refused' ? 'reset' : 'silent', secure: undefined };
  }
  return await new Promise((resolve) => {
    let isReset = false;
    const secure = connectTls({
      socket,
      ca: [...authorities, ...extraCa],
      rejectUnauthorized: false,
      ALPNProtocols: ['http/1.1'],
      ...(serverName !== undefined && { servername: serverName }),
    });
    const end = (outcome: TlsOutcome): void => {
      clearTimeout(timer);
      if (outcome !== 'ok') secure.destroy();
      resolve({ outcome, secure: outcome === 'ok' ? secure : undefined });
    };
    const timer = setTimeout(() => end('silent'), timeoutMs);
    socket.on('error', (error) => {
      isReset = errorCode(error) === 'ECONNRESET';
    });
    secure.once('secureConnect', () => end('ok'));
    secure.on('error', (error) => {
      // What the encryption itself says no to has an answer; else the connection has ended, one way or the other.
      if (/^(?:EPROTO|ERR_SSL)/.test(errorCode(error))) end('failed');
      else end(isReset || error.message.includes('ECONNRESET') ? 'reset' : 'closed');
    });
  });
}

function certificateOf(secure: TLSSocket, host: string): ShownCertificate | undefined {
  const shown = secure.getPeerX509Certificate();
  if (shown === undefined) return undefined;
  const fits = isIP(host) === 0 ? shown.checkHost(host) : shown.checkIP(host);
  return {
    validFrom: shown.validFromDate.getTime(),
    validTo: shown.validToDate.getTime(),
    issuer: issuerOf(shown),
    fits: fits !== undefined,
    // The name is judged by itself; a certificate that is over is, too.
    isTrusted: isTrusted(secure.authorizationError),
  };
}

const NOT_OF_TRUST = /^(?:ERR_TLS_CERT_ALTNAME_INVALID|CERT_HAS_EXPIRED|CERT_NOT_YET_VALID)$/;

function isTrusted(error: Error | string | null | undefined): boolean {
  const code = typeof error === 'string' ? error : errorCode(error);
  return error === null || error === undefined || NOT_OF_TRUST.test(code);
}
