/** Mechanism 8: the border looks at servers of which it learns. Pure. */
import { FlowTable } from '../packet/flows.ts';
import { type Censor, type Crossing, PASS, type Verdict } from './censor.ts';
import type { ProberRule } from './rules.ts';

/** Servers that were already sent visitors. */
const SEEN_MAX = 4_096;

/** Asks for a visit of each server whose port is watched, once, with what its client said first. */
export function proberCensor(rule: ProberRule): Censor {
  const ports = rule.ports === undefined ? undefined : new Set(rule.ports);
  const flows = new FlowTable<undefined>(() => undefined);
  const seen = new Set<string>();
  return {
    inspect({ packet, isOutbound }: Crossing): Verdict {
      const step = flows.take(packet);
      if (step === undefined || !isOutbound || !step.isFromClient || packet.payload.length === 0) return PASS;
      const { server, serverPort } = step.flow;
      const key = `${server} ${serverPort}`;
      if (ports?.has(serverPort) === false || seen.has(key) || seen.size >= SEEN_MAX) return PASS;
      seen.add(key);
      const probe = { address: server, port: serverPort, first: packet.payload.slice() };
      return { action: 'pass', reason: `probe ${key}`, probe };
    },
  };
}
