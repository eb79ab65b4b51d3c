/** Mechanism 6: addresses that lead nowhere, and ports on which connections are cut. Pure. */
import { Prefixes } from '../packet/address.ts';
import { TCP, UDP } from '../packet/packet.ts';
import { type Censor, type Crossing, drop, PASS, type Verdict } from './censor.ts';
import { resetBoth, resetSource } from './reset.ts';
import type { IpRule, PortRule } from './rules.ts';

/** A route into nothing: it acts in one direction, so that the other one's packets still come. */
export function ipCensor(rule: IpRule): Censor {
  const prefixes = new Prefixes(rule.cidrs);
  const direction = rule.direction ?? 'out';
  return {
    inspect({ packet, isOutbound }: Crossing): Verdict {
      if (direction !== 'both' && (direction === 'out') !== isOutbound) return PASS;
      const address = isOutbound ? packet.destination : packet.source;
      return prefixes.has(address) ? drop(`ip ${address}`) : PASS;
    },
  };
}

export function portCensor(rule: PortRule): Censor {
  const ports = new Set(rule.ports);
  const protocol = rule.protocol === 'udp' ? UDP : TCP;
  return {
    inspect({ packet }: Crossing): Verdict {
      if (packet.protocol !== protocol) return PASS;
      const isTo = ports.has(packet.destinationPort);
      if (!isTo && !ports.has(packet.sourcePort)) return PASS;
      const reason = `port ${isTo ? packet.destinationPort : packet.sourcePort}`;
      if (rule.action === 'drop' || packet.tcp === undefined) return drop(reason);
      if (!packet.tcp.syn) return PASS;
      // Three resets for each SYN or SYN+ACK, whichever way it goes.
      const inject = packet.tcp.ack ? resetBoth(packet, 0.5) : resetSource(packet, 0.5);
      return { action: 'pass', reason, inject };
    },
  };
}
