/** The censors of a lab and where they stand: what they make of one packet together. Pure. */
import type { Censor, Injection, Tools, Verdict } from '../censor/censor.ts';
import { createCensor } from '../censor/create.ts';
import type { Rule } from '../censor/rules.ts';
import type { Packet } from '../packet/packet.ts';
import type { LabEvent } from './router.ts';
import { crossingOf, type HostSpec, type Place } from './topology.ts';

export interface Judgement {
  readonly isDropped: boolean;
  readonly delayMs: number;
  readonly inject: readonly Injection[];
}

export interface Passing {
  readonly packet: Packet;
  readonly source: HostSpec;
  readonly destination: HostSpec;
  readonly now: number;
}

export class CensorSet {
  readonly #censors = new Map<string, { readonly censor: Censor; readonly place: Place }>();
  readonly #tools: Tools;
  readonly #onEvent: (event: LabEvent) => void;

  constructor(tools: Tools, onEvent: (event: LabEvent) => void) {
    this.#tools = tools;
    this.#onEvent = onEvent;
  }

  /** Switches a rule on under a name; a name that is in use gets the new rule, and an empty memory. */
  set(name: string, rule: Rule | undefined, place: Place): void {
    if (rule === undefined) this.#censors.delete(name);
    else this.#censors.set(name, { censor: createCensor(rule, this.#tools), place });
  }

  /** Asks everyone whose line the packet crosses, until one drops it. */
  judge(passing: Passing): Judgement {
    const { packet, source, destination, now } = passing;
    const inject: Injection[] = [];
    let delayMs = 0;
    for (const [name, { censor, place }] of this.#censors) {
      const crossing = crossingOf(place, source.zone, destination.zone);
      if (crossing === undefined) continue;
      const verdict = censor.inspect({ packet, isOutbound: crossing.isOutbound, now });
      inject.push(...(verdict.inject ?? []));
      if (verdict.reason !== undefined) this.#tell(name, verdict, passing);
      if (verdict.action === 'drop') return { isDropped: true, delayMs: 0, inject };
      delayMs += verdict.delayMs ?? 0;
    }
    return { isDropped: false, delayMs, inject };
  }

  #tell(name: string, verdict: Verdict, { source, destination, now }: Passing): void {
    this.#onEvent({
      at: now,
      censor: name,
      action: verdict.action,
      reason: verdict.reason ?? '',
      from: source.name,
      to: destination.name,
      injected: verdict.inject?.length ?? 0,
      ...(verdict.score !== undefined && { score: verdict.score }),
      ...(verdict.probe !== undefined && { probe: verdict.probe }),
    });
  }
}
