/** Mechanism 13: boxes at each provider that slow down, freeze, or know a program by its hello. Pure. */
import { Prefixes } from '../packet/address.ts';
import { readDtlsHello } from '../packet/client-hello.ts';
import { FlowTable } from '../packet/flows.ts';
import { UDP } from '../packet/packet.ts';
import { type Censor, type Crossing, drop, PASS, type Verdict } from './censor.ts';
import { nameOf, readOpening } from './first-words.ts';
import { NameList } from './names.ts';
import type { DtlsRule, FreezeRule, ThrottleRule } from './rules.ts';

const EVERYWHERE = ['0.0.0.0/0', '::/0'];
const FREEZE_BYTES = 16_384;

/** What a server has said is counted; when it is too much, nothing of it comes any more. */
export function freezeCensor(rule: FreezeRule): Censor {
  const prefixes = new Prefixes(rule.prefixes ?? EVERYWHERE);
  const flows = new FlowTable<{ bytes: number }>(() => ({ bytes: 0 }));
  const afterBytes = rule.afterBytes ?? FREEZE_BYTES;
  return {
    inspect({ packet }: Crossing): Verdict {
      const step = flows.take(packet);
      if (step === undefined || step.isFromClient || !prefixes.has(step.flow.server)) return PASS;
      const { state, server } = step.flow;
      if (state.bytes + packet.payload.length > afterBytes) return drop(`freeze ${server}`);
      state.bytes += packet.payload.length;
      return PASS;
    },
  };
}

interface Bucket {
  isThrottled: boolean;
  isJudged: boolean;
  tokens: number;
  at: number;
}

/** What a throttled connection may say at once. */
const BURST_BYTES = 16_384;

/** Drops what is more than the rate, in each direction together; by name in the hello, or by the server's address. */
export function throttleCensor(rule: ThrottleRule): Censor {
  const names = new NameList(rule.names ?? []);
  const prefixes = new Prefixes(rule.prefixes ?? (rule.names === undefined ? EVERYWHERE : []));
  const bytesPerMs = (rule.kbps ?? 128) / 8;
  const flows = new FlowTable<Bucket>(() => ({ isThrottled: false, isJudged: false, tokens: BURST_BYTES, at: 0 }));
  return {
    inspect({ packet, now }: Crossing): Verdict {
      const step = flows.take(packet);
      if (step === undefined) return PASS;
      const { state, server, opening } = step.flow;
      if (step.isStart) state.isThrottled = prefixes.has(server);
      if (step.hasGrown && !state.isJudged) {
        const words = readOpening(opening);
        state.isJudged = words.kind !== 'waiting';
        if (names.has(nameOf(words))) state.isThrottled = true;
      }
      if (!state.isThrottled) return PASS;
      if (state.at > 0) state.tokens = Math.min(BURST_BYTES, state.tokens + (now - state.at) * bytesPerMs);
      state.at = now;
      if (packet.sizeBytes > state.tokens) return drop(`throttle ${server}`);
      state.tokens -= packet.sizeBytes;
      return PASS;
    },
  };
}

/** DTLS 1.3 as `supported_versions` writes it (RFC 9147 §5.3). */
const DTLS_1_3 = 0xfefc;

/** Hellos of DTLS that are known are dropped, and with them what the client repeats. */
export function dtlsCensor(rule: DtlsRule): Censor {
  const fingerprints = new Set(rule.fingerprints ?? []);
  return {
    inspect({ packet }: Crossing): Verdict {
      if (packet.protocol !== UDP) return PASS;
      const hello = readDtlsHello(packet.payload);
      if (hello === undefined) return PASS;
      const isOld = rule.withoutVersion13 === true && !hello.versions.includes(DTLS_1_3);
      return isOld || fingerprints.has(hello.fingerprint) ? drop(`dtls ${hello.fingerprint}`) : PASS;
    },
  };
}
