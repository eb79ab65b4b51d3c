/** Mechanism 14: on some ports only what begins like the protocol of the port gets out. Pure. */
import { decodeDns } from '../packet/dns.ts';
import { FlowTable } from '../packet/flows.ts';
import { readHttpRequest } from '../packet/http-request.ts';
import { type Censor, type Crossing, drop, PASS, type Verdict } from './censor.ts';
import { PenaltyBox } from './penalty-box.ts';
import type { ProtofilterRule } from './rules.ts';

interface State {
  packets: number;
  isKnown: boolean;
}

/** The filter looks at so many packets of the client, each by itself. */
const LOOKS = 2;

export function protofilterCensor(rule: ProtofilterRule): Censor {
  const ports = new Set(rule.ports ?? [53, 80, 443]);
  const box = new PenaltyBox(rule.residualMs ?? 60_000);
  const flows = new FlowTable<State>(() => ({ packets: 0, isKnown: false }));
  return {
    inspect({ packet, isOutbound, now }: Crossing): Verdict {
      const step = flows.take(packet);
      if (step === undefined || !isOutbound || !step.isFromClient || !ports.has(step.flow.serverPort)) return PASS;
      const { client, clientPort, server, serverPort, state } = step.flow;
      const key = `${client} ${clientPort} ${server} ${serverPort}`;
      if (box.has(key, now)) return drop(`protofilter ${serverPort}`);
      if (packet.payload.length === 0 || state.isKnown || state.packets >= LOOKS) return PASS;
      state.packets += 1;
      state.isKnown = isKnownProtocol(packet.payload);
      if (state.isKnown || state.packets < LOOKS) return PASS;
      box.put(key, now);
      return drop(`protofilter ${serverPort}`);
    },
  };
}

function isKnownProtocol(payload: Uint8Array): boolean {
  const isTls = payload[0] === 0x16 && payload[1] === 3 && (payload[2] ?? 9) <= 4;
  // Over TCP a message of DNS stands behind its length (RFC 1035 §4.2.2).
  return isTls || readHttpRequest(payload) !== undefined || decodeDns(payload.subarray(2)) !== undefined;
}
