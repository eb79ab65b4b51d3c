/** Lines as they are: between zones, across the border at its hours, and of a person's own device. Pure. */
import type { PipeSettings } from './pipe.ts';

export const ZONES = ['cn-isp', 'cn-home', 'cn-idc', 'world'] as const;
export type Zone = (typeof ZONES)[number];

export const BORDER_PROFILES = ['clear', 'calm', 'evening', 'bad', 'cut'] as const;
export type BorderProfile = (typeof BORDER_PROFILES)[number];

/** Mechanism 9. Loss is from abroad only, and a data centre has a tenth of it. */
const BORDERS: Readonly<Record<BorderProfile, { readonly loss: number; readonly kbps: number }>> = {
  // Nothing is lost: what a test counts is counted exactly.
  clear: { loss: 0, kbps: 20_000 },
  calm: { loss: 0.01, kbps: 20_000 },
  evening: { loss: 0.15, kbps: 1_000 },
  bad: { loss: 0.4, kbps: 500 },
  cut: { loss: 0, kbps: 20_000 },
};
const DATA_CENTRE_SHARE = 0.1;
const OUTWARD_KBPS = 20_000;

const INNER_LINES: ReadonlyMap<string, PipeSettings> = new Map([
  ['cn-isp cn-idc', { delayMs: 10 }],
  ['cn-home cn-isp', { delayMs: 15, kbps: 30_000 }],
  ['cn-home cn-idc', { delayMs: 12, kbps: 30_000 }],
]);
/** Between hosts of one zone, and where nothing else is said. */
const NEAR: PipeSettings = { delayMs: 2 };

/** The line from one zone to another. */
export function zoneLine(from: Zone, to: Zone, profile: BorderProfile): PipeSettings {
  if (from === to) return NEAR;
  if (from !== 'world' && to !== 'world')
    return INNER_LINES.get(`${from} ${to}`) ?? INNER_LINES.get(`${to} ${from}`) ?? NEAR;
  const inside = from === 'world' ? to : from;
  const delayMs = inside === 'cn-idc' ? 90 : 100;
  const isCut = profile === 'cut';
  if (from !== 'world') return { delayMs, kbps: OUTWARD_KBPS, isCut };
  const { loss, kbps } = BORDERS[profile];
  return { delayMs, kbps, isCut, loss: inside === 'cn-idc' ? loss * DATA_CENTRE_SHARE : loss };
}

export const DEVICE_PROFILES = ['P0', 'P1', 'P2', 'P3'] as const;
export type DeviceProfile = (typeof DEVICE_PROFILES)[number];

const QUEUE_BYTES = 65_536;

/** The line of one device, each direction: round trip, loss in each direction, rate, 64 KiB of queue. */
export function deviceLine(profile: DeviceProfile): PipeSettings | undefined {
  switch (profile) {
    case 'P0':
      return undefined;
    case 'P1':
      return { delayMs: 50, loss: 0.005, kbps: 2_000, queueBytes: QUEUE_BYTES };
    case 'P2':
      return { delayMs: 150, loss: 0.02, kbps: 256, queueBytes: QUEUE_BYTES };
    case 'P3': {
      const blackout = { everyMs: 300_000, forMs: 30_000 };
      return { delayMs: 300, loss: 0.05, kbps: 64, queueBytes: QUEUE_BYTES, blackout };
    }
  }
}
