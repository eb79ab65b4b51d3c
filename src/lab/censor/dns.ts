/** Mechanism 1: whoever asks for a name gets a forged answer before the true one. Pure. */
import { readQuestion, writeAnswer } from '../packet/dns.ts';
import { type NewPacket, UDP, writeUdp } from '../packet/packet.ts';
import { type Censor, type Crossing, PASS, type Verdict } from './censor.ts';
import { NameList } from './names.ts';
import type { DnsRule } from './rules.ts';

/** Answers that the border gives are addresses of others: of the lab these two lead nowhere. */
const ANSWERS = ['192.0.2.66', '2001:db8:dead::66'];
const TTL_SECONDS = 120;

/** The query passes, and so does the true answer: the forger stands beside the line. */
export function dnsCensor(rule: DnsRule): Censor {
  const names = new NameList(rule.names);
  const answers = rule.answers ?? ANSWERS;
  const injectors = Math.min(3, Math.max(1, rule.injectors ?? 1));
  return {
    inspect({ packet }: Crossing): Verdict {
      if (packet.protocol !== UDP || packet.destinationPort !== 53) return PASS;
      const question = readQuestion(packet.payload);
      if (question === undefined || question.isAnswer || !names.has(question.name)) return PASS;
      const isAddress = question.type === 'A' || question.type === 'AAAA';
      if (!isAddress) return PASS;
      const payload = writeAnswer(question, { addresses: answers, ttlSeconds: TTL_SECONDS, isAuthoritative: false });
      const forged: NewPacket = {
        source: packet.destination,
        destination: packet.source,
        sourcePort: packet.destinationPort,
        destinationPort: packet.sourcePort,
        payload,
      };
      const injection = { bytes: writeUdp(forged), depth: rule.depth ?? 0.4 };
      return { action: 'pass', reason: `dns ${question.name}`, inject: Array(injectors).fill(injection) };
    },
  };
}
