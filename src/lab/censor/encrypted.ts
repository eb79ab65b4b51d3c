/** Mechanism 5: the first bytes of a connection look like nothing that is known. Pure. */
import { Prefixes } from '../packet/address.ts';
import { FlowTable } from '../packet/flows.ts';
import { type Censor, type Crossing, drop, PASS, type Tools, type Verdict } from './censor.ts';
import { PenaltyBox, threeTuple } from './penalty-box.ts';
import type { EncryptedRule } from './rules.ts';

const PROBABILITY = 0.263;
const EVERYWHERE = ['0.0.0.0/0', '::/0'];

interface State {
  isJudged: boolean;
}

export function encryptedCensor(rule: EncryptedRule, tools: Tools): Censor {
  const prefixes = new Prefixes(rule.prefixes ?? EVERYWHERE);
  const box = new PenaltyBox(rule.residualMs ?? 180_000);
  const flows = new FlowTable<State>(() => ({ isJudged: false }));
  return {
    inspect({ packet, now }: Crossing): Verdict {
      const step = flows.take(packet);
      if (step === undefined || !step.isFromClient) return PASS;
      const { flow } = step;
      const key = threeTuple(flow);
      if (box.has(key, now)) return drop(`residual ${key}`);
      if (flow.state.isJudged || packet.payload.length === 0) return PASS;
      flow.state.isJudged = true;
      if (!prefixes.has(flow.server) || findExemption(packet.payload) !== undefined) return PASS;
      if (tools.random() >= (rule.probability ?? PROBABILITY)) return PASS;
      box.put(key, now);
      return drop(`encrypted ${key}`);
    },
  };
}

export type Exemption = 'popcount' | 'first-six' | 'half-printable' | 'printable-run' | 'protocol';

/** The rule by which a first payload is let be; `undefined` when there is none. */
export function findExemption(payload: Uint8Array): Exemption | undefined {
  let ones = 0;
  let printable = 0;
  let run = 0;
  let longest = 0;
  for (const byte of payload) {
    ones += popcount(byte);
    const isText = isPrintable(byte);
    printable += isText ? 1 : 0;
    run = isText ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  const perByte = ones / payload.length;
  if (perByte <= 3.4 || perByte >= 4.6) return 'popcount';
  if (payload.length >= 6 && payload.subarray(0, 6).every(isPrintable)) return 'first-six';
  if (printable * 2 > payload.length) return 'half-printable';
  if (longest > 20) return 'printable-run';
  return isProtocol(payload) ? 'protocol' : undefined;
}

function isPrintable(byte: number): boolean {
  return byte >= 0x20 && byte <= 0x7e;
}

function popcount(byte: number): number {
  let count = 0;
  for (let rest = byte; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}

/** How TLS records and HTTP requests begin, by the first bytes alone. */
function isProtocol(payload: Uint8Array): boolean {
  const [first = 0, second = 0, third = 0] = payload;
  if ((first === 0x16 || first === 0x17) && second === 3 && third <= 9) return true;
  const start = String.fromCharCode(...payload.subarray(0, 5));
  return ['GET ', 'PUT ', 'POST ', 'HEAD '].some((method) => start.startsWith(method));
}
