/**
 * Asking back: a node asks a peer, over the link between them, whether its ports can be reached from there. The peer
 * tries the address from which the link comes, and no other: it can be sent nowhere else.
 */
import { connect } from 'node:net';
import type { Duplex } from 'node:stream';
import { asObject, getArray, getString, getValue } from '../../matrix/json.ts';
import { parseJson } from '../../matrix/json-parse.ts';
import type { Clock } from '../../ports/clock.ts';
import { readAll } from '../streams.ts';

/** The purpose of such streams. */
export const REACH = 'reach';

export interface Reached {
  /** From where the asker comes. */
  readonly address: string;
  readonly ports: readonly { readonly port: number; readonly isOpen: boolean }[];
}

const PORTS_MAX = 8;
const BYTES_MAX = 4_096;
const CONNECT_MS = 5_000;
const STREAM_MS = 20_000;

/** Asks a peer. Rejects where it does not answer. */
export async function askReach(stream: Duplex, ports: readonly number[], clock: Clock): Promise<Reached> {
  stream.on('error', () => undefined);
  const timer = clock.schedule(STREAM_MS, () => void stream.destroy(new Error('it took too long')));
  try {
    stream.end(JSON.stringify({ ports: ports.slice(0, PORTS_MAX) }));
    const body = asObject(parseJson(await readAll(stream, BYTES_MAX), { maxDepth: 4 }));
    const address = getString(body, 'address');
    if (address === undefined) throw new Error('the other node says nothing of it');
    const told = (getArray(body, 'open') ?? []).filter((one) => typeof one === 'number');
    return { address, ports: ports.slice(0, PORTS_MAX).map((port) => ({ port, isOpen: told.includes(port) })) };
  } finally {
    timer.cancel();
    stream.destroy();
  }
}

/** Answers a peer that asks, by trying its own address. Never rejects. */
export async function answerReach(stream: Duplex, address: string | undefined, clock: Clock): Promise<void> {
  stream.on('error', () => undefined);
  const timer = clock.schedule(STREAM_MS, () => void stream.destroy());
  try {
    const ports = readPorts(await readAll(stream, BYTES_MAX));
    if (address === undefined || ports === undefined) {
      stream.end('{}');
      return;
    }
    const tried = await Promise.all(ports.map((port) => isOpen(address, port, clock)));
    stream.end(JSON.stringify({ address, open: ports.filter((_, index) => tried[index] === true) }));
  } catch {
    stream.destroy();
  } finally {
    timer.cancel();
  }
}

function readPorts(bytes: Uint8Array): number[] | undefined {
  try {
    const list = getValue(asObject(parseJson(bytes, { maxDepth: 4 })), 'ports');
    if (!Array.isArray(list) || list.length > PORTS_MAX) return undefined;
    const ports = list.filter((one) => typeof one === 'number' && Number.isInteger(one) && one > 0 && one <= 65_535);
    return ports.length === list.length ? ports.map(Number) : undefined;
  } catch {
    return undefined;
  }
}

function isOpen(address: string, port: number, clock: Clock): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address, port });
    const end = (outcome: boolean): void => {
      timer.cancel();
      socket.destroy();
      resolve(outcome);
    };
    const timer = clock.schedule(CONNECT_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.on('error', () => end(false));
  });
}
