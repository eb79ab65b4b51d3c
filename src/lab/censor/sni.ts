/** Mechanisms 2, 3 and 7: the name in the hello, or the Host header, ends the connection. Pure. */
import { type FlowStep, FlowTable } from '../packet/flows.ts';
import { type Censor, type Crossing, drop, PASS, type Tools, type Verdict } from './censor.ts';
import { type FirstWords, nameOf, readOpening, readSegment } from './first-words.ts';
import { NameList } from './names.ts';
import { PenaltyBox, threeTuple } from './penalty-box.ts';
import { resetBoth, resetSource } from './reset.ts';
import type { SniRule } from './rules.ts';

interface State {
  isJudged: boolean;
  /** Whether the penalty of an earlier connection falls on this one. */
  isPunished: boolean;
}

const DEPTH = 0.4;

export function sniCensor(rule: SniRule, tools: Tools): Censor {
  return rule.stateless === true ? new StatelessSni(rule, tools) : new StatefulSni(rule, tools);
}

/** What is forbidden about the first words; `undefined` when nothing is. */
function findFault(words: FirstWords, rule: SniRule, names: NameList): string | undefined {
  const name = nameOf(words);
  if (names.has(name)) return `sni ${name}`;
  if (words.kind === 'tls' && words.hello.hasEsni && rule.esni === true) return 'esni';
  if (words.kind !== 'http') return undefined;
  const { path } = words.request;
  const keyword = rule.keywords?.find((word) => path.includes(word));
  return keyword === undefined ? undefined : `keyword ${keyword}`;
}

class StatefulSni implements Censor {
  readonly #rule: SniRule;
  readonly #tools: Tools;
  readonly #names: NameList;
  readonly #box: PenaltyBox;
  readonly #flows = new FlowTable<State>(() => ({ isJudged: false, isPunished: false }));

  constructor(rule: SniRule, tools: Tools) {
    this.#rule = rule;
    this.#tools = tools;
    this.#names = new NameList(rule.names);
    this.#box = new PenaltyBox(rule.residualMs ?? (rule.action === 'rst' ? 90_000 : 180_000));
  }

  inspect(crossing: Crossing): Verdict {
    const step = this.#flows.take(crossing.packet);
    if (step === undefined) return PASS;
    const { state } = step.flow;
    const key = threeTuple(step.flow);
    if (step.isStart) {
      const chance = this.#rule.residualProbability ?? (this.#rule.action === 'rst' ? 0.6 : 1);
      state.isPunished = this.#box.has(key, crossing.now) && this.#tools.random() < chance;
    }
    if (state.isPunished) return this.#punish(step, crossing, key);
    if (state.isJudged || !step.hasGrown) return PASS;
    return this.#judge(step, crossing, key);
  }

  #punish({ flow, isFromClient, isStart }: FlowStep<State>, { packet, now }: Crossing, key: string): Verdict {
    if (!isFromClient) return PASS;
    if (!this.#box.has(key, now)) {
      flow.state.isPunished = false;
      return PASS;
    }
    if (this.#rule.action === 'drop') return drop(`residual ${key}`);
    const depth = this.#rule.depth ?? DEPTH;
    const inject = isStart ? resetSource(packet, depth) : resetBoth(packet, depth);
    return { action: 'pass', reason: `residual ${key}`, inject };
  }

  #judge({ flow }: FlowStep<State>, { packet, now }: Crossing, key: string): Verdict {
    const words = readOpening(flow.opening);
    if (words.kind === 'waiting') return PASS;
    flow.state.isJudged = true;
    const fault = findFault(words, this.#rule, this.#names);
    if (fault === undefined || this.#tools.random() >= (this.#rule.probability ?? 1)) return PASS;
    this.#box.put(key, now);
    if (this.#rule.action === 'rst') {
      return { action: 'pass', reason: fault, inject: resetBoth(packet, this.#rule.depth ?? DEPTH) };
    }
    flow.state.isPunished = true;
    return drop(fault);
  }
}

/** A provincial firewall: sees one segment at a time, and only what leaves. */
class StatelessSni implements Censor {
  readonly #rule: SniRule;
  readonly #tools: Tools;
  readonly #names: NameList;

  constructor(rule: SniRule, tools: Tools) {
    this.#rule = rule;
    this.#tools = tools;
    this.#names = new NameList(rule.names);
  }

  inspect({ packet, isOutbound }: Crossing): Verdict {
    if (!isOutbound || packet.tcp === undefined || packet.payload.length === 0) return PASS;
    const fault = findFault(readSegment(packet.payload), this.#rule, this.#names);
    if (fault === undefined || this.#tools.random() >= (this.#rule.probability ?? 1)) return PASS;
    if (this.#rule.action === 'drop') return drop(fault);
    return { action: 'pass', reason: fault, inject: resetBoth(packet, this.#rule.depth ?? DEPTH) };
  }
}
