/** Holds the lab's own lines against the kernel's shaping, and its losses against arithmetic. */
import { spawnSync } from 'node:child_process';
import type { Lab } from '../network/lab.ts';

export interface CrossCheck {
  /** kbit/s of whole packets: what was asked for, what the lab lets through, and what the kernel's `tbf` does. */
  readonly rate: { readonly nominal: number; readonly lab: number; readonly kernel: number | undefined };
  /** Shares of packets; `deviation` is the standard deviation of what chance gives. */
  readonly loss: { readonly nominal: number; readonly lab: number; readonly deviation: number };
}

const KBPS = 2_000;
const LOSS = 0.15;
const PORT = 9_000;
const PAYLOAD_BYTES = 972;
/** IP and UDP stand before what a program counts. */
const PACKET_BYTES = PAYLOAD_BYTES + 28;

/** Sends from `alice` to `cloud`, once through the lab's line, once through the kernel's. */
export async function crossCheck(lab: Lab, { forMs }: { readonly forMs: number }): Promise<CrossCheck> {
  const alice = lab.host('alice');
  await alice.line({ delayMs: 0, kbps: KBPS });
  const shaped = await measure(lab, { kbps: 3 * KBPS, forMs });
  await alice.line({ delayMs: 0, loss: LOSS });
  const lossy = await measure(lab, { kbps: 4_000, forMs });
  await alice.line('P0');
  const kernel = lab.backend === 'namespaces' ? await measureKernel(lab, forMs) : undefined;
  return {
    rate: { nominal: KBPS, lab: shaped.kbps, kernel },
    loss: {
      nominal: LOSS,
      lab: 1 - lossy.received / lossy.sent,
      deviation: Math.sqrt((LOSS * (1 - LOSS)) / lossy.sent),
    },
  };
}

interface Measured {
  readonly sent: number;
  readonly received: number;
  readonly kbps: number;
}

async function measure(lab: Lab, { kbps, forMs }: { kbps: number; forMs: number }): Promise<Measured> {
  const cloud = lab.host('cloud');
  const counting = cloud.countDatagrams(PORT, forMs + 1_000);
  const address = cloud.addressFrom('alice');
  const sent = await lab.host('alice').blast({ address, port: PORT, sizeBytes: PAYLOAD_BYTES, kbps, forMs });
  const got = await counting;
  // Between the first and the last packet all but one of them went through.
  const rate = got.spanMs === 0 ? 0 : ((got.packets - 1) * PACKET_BYTES * 8) / got.spanMs;
  return { sent: sent.packets, received: got.packets, kbps: rate };
}

/** `undefined` where the kernel has no `tbf`. */
async function measureKernel(lab: Lab, forMs: number): Promise<number | undefined> {
  const tc = (...options: string[]): number | null => spawnSync('tc', ['-n', 'alice', 'qdisc', ...options]).status;
  // The device counts Ethernet's 14 bytes with each packet; the burst is two packets, so that it does not count.
  const rate = Math.round((KBPS * (PACKET_BYTES + 14)) / PACKET_BYTES);
  if (tc('add', 'dev', 'eth0', 'root', 'tbf', 'rate', `${rate}kbit`, 'burst', '2100', 'latency', '300ms') !== 0) {
    return undefined;
  }
  const shaped = await measure(lab, { kbps: 3 * KBPS, forMs });
  tc('del', 'dev', 'eth0', 'root');
  return shaped.kbps;
}
