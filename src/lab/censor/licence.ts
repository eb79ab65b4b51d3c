/** Mechanism 11: a data centre inside lets only licensed names lead to its hosts. Pure. */
import { Prefixes } from '../packet/address.ts';
import { readAddresses } from '../packet/dns.ts';
import { FlowTable } from '../packet/flows.ts';
import { UDP } from '../packet/packet.ts';
import { type Censor, type Crossing, drop, PASS, type Verdict } from './censor.ts';
import { nameOf, readOpening } from './first-words.ts';
import { NameList } from './names.ts';
import { answerInstead, resetBoth } from './reset.ts';
import type { IcpDnsRule, IcpSniRule } from './rules.ts';

const DAY_MS = 86_400_000;
/** Hosts that are known to be named; a data centre of the lab has fewer. */
const HOSTS_MAX = 1_024;

/** A record that leads to one of the hosts under an unlicensed name is seen, and the host is cut off after the scan. */
export function icpDnsCensor(rule: IcpDnsRule): Censor {
  const licensed = new NameList(rule.licensed);
  const hosts = new Prefixes(rule.cidrs);
  const blockedAt = new Map<string, number>();
  return {
    inspect({ packet, now }: Crossing): Verdict {
      if (packet.protocol === UDP && packet.sourcePort === 53) {
        for (const { name, address } of readAddresses(packet.payload)) {
          if (licensed.has(name) || !hosts.has(address) || blockedAt.has(address)) continue;
          if (blockedAt.size < HOSTS_MAX) blockedAt.set(address, now + (rule.scanMs ?? DAY_MS));
        }
      }
      const host = [packet.source, packet.destination].find((one) => now >= (blockedAt.get(one) ?? Infinity));
      return host === undefined ? PASS : drop(`icp-dns ${host}`);
    },
  };
}

const BLOCK_PAGE =
  'HTTP/1.1 302 Found\r\nLocation: http://batit.invalid/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

interface State {
  isJudged: boolean;
}

/** A name without a licence in hello or Host header; a hello without a name is let be. */
export function icpSniCensor(rule: IcpSniRule): Censor {
  const licensed = new NameList(rule.licensed);
  const ports = rule.ports === undefined ? undefined : new Set(rule.ports);
  const flows = new FlowTable<State>(() => ({ isJudged: false }));
  return {
    inspect({ packet, isOutbound }: Crossing): Verdict {
      const step = flows.take(packet);
      if (step === undefined || !step.isFromClient || !step.hasGrown || step.flow.state.isJudged) return PASS;
      if (isOutbound && rule.outbound !== true) return PASS;
      if (ports?.has(step.flow.serverPort) === false) return PASS;
      const words = readOpening(step.flow.opening);
      if (words.kind === 'waiting') return PASS;
      step.flow.state.isJudged = true;
      const name = nameOf(words);
      if (name === undefined || name === '' || licensed.has(name)) return PASS;
      const isRedirected = words.kind === 'http' && rule.action === 'redirect';
      const inject = isRedirected ? answerInstead(packet, BLOCK_PAGE, 0.9) : resetBoth(packet, 0.9);
      return { action: 'drop', reason: `icp-sni ${name}`, inject };
    },
  };
}
