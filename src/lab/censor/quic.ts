/** Mechanism 4: the name in the first datagrams of QUIC. They pass; what follows does not. */
import { type Packet, UDP } from '../packet/packet.ts';
import { openInitial, QuicHello } from '../packet/quic.ts';
import { type Censor, type Crossing, drop, PASS, type Verdict } from './censor.ts';
import { NameList } from './names.ts';
import { PenaltyBox } from './penalty-box.ts';
import type { QuicRule } from './rules.ts';

/** Hellos that are on their way at once. */
const OPEN_MAX = 4_096;

export function quicCensor(rule: QuicRule): Censor {
  return new QuicCensor(rule);
}

interface Open {
  readonly hello: QuicHello;
  readonly connectionId: string;
}

class QuicCensor implements Censor {
  readonly #rule: QuicRule;
  readonly #names: NameList;
  readonly #box: PenaltyBox;
  readonly #open = new Map<string, Open | undefined>();

  constructor(rule: QuicRule) {
    this.#rule = rule;
    this.#names = new NameList(rule.names);
    this.#box = new PenaltyBox(rule.residualMs ?? 180_000);
  }

  inspect({ packet, now }: Crossing): Verdict {
    if (packet.protocol !== UDP) return PASS;
    const key = `${packet.source} ${packet.destination} ${packet.destinationPort}`;
    if (this.#box.has(key, now)) return drop(`residual ${key}`);
    const name = this.#nameIn(packet);
    if (!this.#names.has(name)) return PASS;
    this.#box.put(key, now);
    return { action: 'pass', reason: `quic ${name}` };
  }

  #nameIn(packet: Packet): string | undefined {
    const flow = `${packet.source} ${packet.sourcePort} ${packet.destination} ${packet.destinationPort}`;
    const isFirst = !this.#open.has(flow);
    if (!isFirst && (this.#rule.firstOnly === true || this.#open.get(flow) === undefined)) return undefined;
    const initial = openInitial(packet.payload);
    if (initial === undefined) {
      if (isFirst) this.#remember(flow, undefined);
      return undefined;
    }
    const known = this.#open.get(flow);
    const open = known?.connectionId === initial.connectionId ? known : undefined;
    const hello = open?.hello ?? new QuicHello();
    const whole = hello.take(initial.pieces);
    this.#remember(flow, whole === undefined ? { hello, connectionId: initial.connectionId } : undefined);
    return whole?.serverName;
  }

  #remember(flow: string, open: Open | undefined): void {
    if (this.#open.size >= OPEN_MAX) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) this.#open.delete(oldest);
    }
    this.#open.set(flow, open);
  }
}
