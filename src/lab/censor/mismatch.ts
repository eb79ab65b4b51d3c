/** Mechanism 3, a variant: the name in the hello is not known to be where the client goes. Pure. */
import { FlowTable } from '../packet/flows.ts';
import { type Censor, type Crossing, drop, PASS, type Verdict } from './censor.ts';
import { readOpening } from './first-words.ts';
import { PenaltyBox } from './penalty-box.ts';
import type { MismatchRule } from './rules.ts';

/** A hello without a name is let be. The block is on the server's address, for everybody who crosses the line. */
export function mismatchCensor(rule: MismatchRule): Censor {
  const zone = new Map(rule.zone.map(({ name, addresses }) => [name.toLowerCase(), addresses]));
  const box = new PenaltyBox(rule.residualMs ?? 180_000);
  const flows = new FlowTable<undefined>(() => undefined);
  return {
    inspect({ packet, now }: Crossing): Verdict {
      const step = flows.take(packet);
      if (step === undefined || !step.isFromClient) return PASS;
      const { flow } = step;
      if (box.has(flow.server, now)) return drop(`residual ${flow.server}`);
      if (!step.hasGrown) return PASS;
      const words = readOpening(flow.opening);
      if (words.kind !== 'tls' || words.hello.serverName === undefined) return PASS;
      const addresses = zone.get(words.hello.serverName) ?? [];
      const isKnown = addresses.length > 0 || rule.unknownNames === 'pass';
      const isHere = addresses.length === 0 ? isKnown : addresses.includes(flow.server);
      if (isHere) return PASS;
      box.put(flow.server, now);
      return drop(`mismatch ${words.hello.serverName} at ${flow.server}`);
    },
  };
}
