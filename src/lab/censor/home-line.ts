/** Mechanism 12: what a provider does with a home line that serves. Pure. */
import { FlowTable } from '../packet/flows.ts';
import { TCP } from '../packet/packet.ts';
import { type Censor, type Crossing, drop, PASS, type Tools, type Verdict } from './censor.ts';
import { readOpening } from './first-words.ts';
import type { InportRule, ServingRule } from './rules.ts';

/** Nothing begins from outside on these ports; answers to what began inside come. */
export function inportCensor(rule: InportRule): Censor {
  const ports = new Set(rule.ports);
  return {
    inspect({ packet, isOutbound }: Crossing): Verdict {
      if (isOutbound || !ports.has(packet.destinationPort)) return PASS;
      const isBeginning = packet.protocol !== TCP || (packet.tcp?.syn === true && !packet.tcp.ack);
      return isBeginning ? drop(`inport ${packet.destinationPort}`) : PASS;
    },
  };
}

/** Flows that a translator remembers at once. */
const FLOWS_MAX = 8_192;

/** What comes from outside must answer something that went out between the same addresses and ports. */
export function cgnatCensor(): Censor {
  const flows = new Set<string>();
  return {
    inspect({ packet, isOutbound }: Crossing): Verdict {
      const { source, sourcePort, destination, destinationPort } = packet;
      if (!isOutbound) {
        const key = `${packet.protocol} ${destination} ${destinationPort} ${source} ${sourcePort}`;
        return flows.has(key) ? PASS : drop('cgnat');
      }
      const [oldest] = flows.size < FLOWS_MAX ? [] : flows;
      if (oldest !== undefined) flows.delete(oldest);
      flows.add(`${packet.protocol} ${source} ${sourcePort} ${destination} ${destinationPort}`);
      return PASS;
    },
  };
}

const HOUR_MS = 3_600_000;

interface State {
  isJudged: boolean;
}

/** Counts connections from outside that speak TLS or HTTP; beyond the threshold everything gets slow, for an hour. */
export function servingCensor(rule: ServingRule, tools: Tools): Censor {
  const flows = new FlowTable<State>(() => ({ isJudged: false }));
  let times: number[] = [];
  return {
    inspect({ packet, isOutbound, now }: Crossing): Verdict {
      const step = flows.take(packet);
      if (step !== undefined && !isOutbound && step.isFromClient && step.hasGrown && !step.flow.state.isJudged) {
        const { kind } = readOpening(step.flow.opening);
        step.flow.state.isJudged = kind !== 'waiting';
        if (kind === 'tls' || kind === 'http') times.push(now);
      }
      times = times.filter((time) => now - time < HOUR_MS).slice(-(rule.threshold + 1));
      if (times.length <= rule.threshold) return PASS;
      if (tools.random() < (rule.loss ?? 0.05)) return drop('serving');
      return { action: 'pass', reason: 'serving', delayMs: rule.delayMs ?? 200 };
    },
  };
}
