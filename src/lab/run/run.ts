/** A whole run: each option with its matrix and its measures, as results that come one by one. */
import { pause } from '../../bench/context.ts';
import type { Lab } from '../network/lab.ts';
import type { Person } from '../scenario/browser.ts';
import type { Layout } from '../scenario/layouts.ts';
import type { Mechanism } from '../scenario/mechanisms.ts';
import type { BorderProfile } from '../shape/profiles.ts';
import { LabError } from '../workers/calls.ts';
import { runCell } from './cell.ts';
import { measureIsland } from './island.ts';
import { exchange, latencyOf } from './latency.ts';
import { measureProbe } from './probe.ts';
import type { Result } from './results.ts';
import { type Chat, Stage } from './stage.ts';

export interface RunPlan {
  readonly layouts: readonly Layout[];
  readonly mechanisms: readonly Mechanism[];
  /** At which hours of the border messages are timed; none where only the matrix is wanted. */
  readonly borders: readonly BorderProfile[];
  readonly messages: number;
  readonly idleSeconds: number;
  /** How long the border is cut in the island test; 0 leaves it out. */
  readonly islandSeconds: number;
  readonly stepSeconds: number;
  /** For everything that the servers keep. */
  readonly folder: string;
}

/** Runs everything of the plan. */
export async function runPlan(lab: Lab, plan: RunPlan, emit: (result: Result) => void): Promise<void> {
  for (const layout of plan.layouts) {
    const before = await lab.count();
    const stage = await Stage.open(lab, layout, { folder: plan.folder, stepMs: plan.stepSeconds * 1_000 });
    try {
      await runOption(stage, plan, emit);
    } finally {
      await stage.close();
    }
    // Only a network that is the lab's alone shows who goes elsewhere.
    if (lab.backend === 'loopback') continue;
    const known = new Set(before.foreign.map((one) => `${one.destination}:${one.port}`));
    const { foreign } = await lab.count();
    const fresh = foreign.filter((one) => !known.has(`${one.destination}:${one.port}`));
    emit({
      kind: 'foreign',
      option: layout.name,
      packets: fresh.reduce((total, one) => total + one.count, 0),
      destinations: fresh.map((one) => `${one.from} → ${one.destination}:${one.port}`),
    });
  }
}

async function runOption(stage: Stage, plan: RunPlan, emit: (result: Result) => void): Promise<void> {
  for (const mechanism of plan.mechanisms) {
    const cell = await runCell(stage, mechanism);
    emit(cell);
    if (cell.mechanism === 'none' && cell.survived) {
      const { userSteps, operatorParts } = stage.layout;
      const { option, actions, seconds } = cell;
      emit({ kind: 'ease', option, actions, userSteps, seconds, operatorParts });
    }
  }
  if (plan.borders.length > 0) await measureMessages(stage, plan, emit);
  if (plan.borders.length > 0) emit(await measureProbe(stage));
  if (plan.islandSeconds > 0 && stage.layout.own !== stage.layout.friends) {
    emit(await measureIsland(stage, plan.islandSeconds));
  }
}

async function measureMessages(stage: Stage, plan: RunPlan, emit: (result: Result) => void): Promise<void> {
  const option = stage.layout.name;
  const chats: readonly (readonly ['same-server' | 'abroad', Chat])[] = [
    ['abroad', await stage.firstMessage({ isSlow: true })],
    ...(stage.layout.own === stage.layout.friends ? [] : [['same-server', await stage.insideChat()] as const]),
  ];
  for (const [to, chat] of chats) {
    for (const border of plan.borders) {
      await stage.lab.setBorder(border);
      const times = await exchange(chat.from, chat.to, plan.messages);
      emit(latencyOf({ option, border, to }, times));
    }
    await stage.lab.setBorder('calm');
    if (to === 'abroad') emit(await measureBytes(stage, plan, chat));
    await chat.from.close();
  }
}

/** Bytes at the device of the one who writes. */
async function measureBytes(stage: Stage, plan: RunPlan, chat: { from: Person; to: Person }): Promise<Result> {
  const start = await trafficOf(stage.lab);
  await pause(plan.idleSeconds * 1_000);
  const idle = await trafficOf(stage.lab);
  await exchange(chat.from, chat.to, plan.messages);
  const end = await trafficOf(stage.lab);
  const idleBytes = idle.sentBytes + idle.receivedBytes - start.sentBytes - start.receivedBytes;
  return {
    kind: 'bytes',
    option: stage.layout.name,
    perMessageSent: Math.round((end.sentBytes - idle.sentBytes) / plan.messages),
    perMessageReceived: Math.round((end.receivedBytes - idle.receivedBytes) / plan.messages),
    idlePerHour: Math.round((idleBytes * 3_600) / Math.max(1, plan.idleSeconds)),
  };
}

async function trafficOf(lab: Lab) {
  const traffic = (await lab.count()).traffic.get('alice');
  if (traffic === undefined) throw new LabError('nobody counts what the device says');
  return { ...traffic };
}
