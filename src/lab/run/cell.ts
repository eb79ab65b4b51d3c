/** One cell of the matrix. */
import type { Mechanism } from '../scenario/mechanisms.ts';
import { LabError } from '../workers/calls.ts';
import { type CellResult, countReasons } from './results.ts';
import type { Stage } from './stage.ts';

/** Switches one mechanism on, lets a new person come and write, and tells how far that went. */
export async function runCell(stage: Stage, mechanism: Mechanism): Promise<CellResult> {
  const seen = stage.lab.events.length;
  const release = await stage.impose(mechanism);
  const start = performance.now();
  let failedAt: string | undefined;
  let actions = 0;
  try {
    const isSlow = mechanism.border !== undefined || ['throttle', 'serving'].includes(mechanism.name);
    const chat = await stage.firstMessage({ isSlow });
    actions = chat.actions;
    await chat.from.close();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    failedAt = error.message;
  } finally {
    await release();
  }
  const events = stage.lab.events.slice(seen).filter((one) => one.censor.startsWith(`${mechanism.name} `));
  const scores = events.flatMap((one) => one.score ?? []);
  return {
    kind: 'cell',
    option: stage.layout.name,
    mechanism: mechanism.name,
    number: mechanism.number,
    survived: failedAt === undefined,
    seconds: Math.round((performance.now() - start) / 100) / 10,
    ...(failedAt !== undefined && { failedAt }),
    reasons: countReasons(events.map((one) => one.reason)),
    ...(scores.length > 0 && { score: Math.max(...scores) }),
    actions,
  };
}
