/** Option 11: the border is cut for a while. Inside all goes on; what waits is delivered afterwards, in order. */
import { pause } from '../../bench/context.ts';
import { exchange } from './latency.ts';
import { type IslandResult, quantilesOf } from './results.ts';
import type { Stage } from './stage.ts';

const MESSAGES = 10;
const HEAL_MS = 120_000;

/** Cuts the border in mid-conversation, writes on, and looks what came of it when the border is whole again. */
export async function measureIsland(stage: Stage, cutSeconds: number): Promise<IslandResult> {
  const abroad = await stage.firstMessage({ isSlow: false });
  const inside = await stage.insideChat();
  await stage.lab.setBorder('cut');
  const cutAt = performance.now();
  const texts = Array.from({ length: MESSAGES }, (_, index) => `over the cut ${index}.`);
  for (const text of texts) await abroad.from.follow([{ do: 'write', label: 'Message', text }]);
  // A server inside takes them all, though nobody abroad hears of them.
  if (stage.layout.own.host !== 'abroad') await abroad.from.follow([{ do: 'see-sent', text: texts.at(-1) ?? '' }]);
  const local = await exchange(inside.from, inside.to, MESSAGES);
  await pause(Math.max(0, cutSeconds * 1_000 - (performance.now() - cutAt)));
  await stage.lab.setBorder('calm');
  const healedAt = performance.now();
  const last = abroad.to.page.locator('.bubble', { hasText: texts.at(-1) ?? '' }).first();
  await last.waitFor({ timeout: HEAL_MS }).catch(() => undefined);
  const healMs = Math.round(performance.now() - healedAt);
  const all = await abroad.to.page.locator('.bubble').allTextContents();
  const seen = all.flatMap((text) => /over the cut \d+\./.exec(text)?.[0] ?? []);
  await Promise.all([abroad.from.close(), inside.from.close(), inside.to.close()]);
  return {
    kind: 'island',
    option: stage.layout.name,
    cutSeconds,
    sent: texts.length,
    lost: texts.filter((text) => !seen.includes(text)).length,
    doubled: seen.length - new Set(seen).size,
    inOrder: seen.join() === texts.filter((text) => seen.includes(text)).join(),
    healMs,
    localP95: quantilesOf(local.ack).p95,
  };
}
