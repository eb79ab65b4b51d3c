/** How long messages take, from the key that sends them to the server's answer and to the other screen. */
import type { Page } from '../scenario/driver.ts';
import type { Person } from '../scenario/browser.ts';
import { type LatencyResult, quantilesOf } from './results.ts';

/** Runs in both pages: notes when a bubble appears, when it is marked as sent, and when Enter was pressed. */
const WATCH = `(() => {
  if (globalThis.labTimes) return;
  const times = { keys: [], seen: {}, acknowledged: {} };
  globalThis.labTimes = times;
  addEventListener('keydown', (event) => { if (event.key === 'Enter') times.keys.push(Date.now()); }, true);
  const look = () => {
    const bubbles = [...document.querySelectorAll('.bubble')];
    for (const bubble of [...bubbles.slice(0, 4), ...bubbles.slice(-4)]) {
      const name = /lab-message-[0-9]+\\./.exec(bubble.textContent)?.[0];
      if (name === undefined) continue;
      times.seen[name] ??= Date.now();
      if (bubble.querySelector('[aria-label=Sent], [aria-label=Read]')) times.acknowledged[name] ??= Date.now();
    }
  };
  new MutationObserver(look).observe(document.body, { subtree: true, childList: true, attributes: true });
})()`;

/** How long one message may take before it counts as lost. */
const MESSAGE_MS = 30_000;

export interface Exchange {
  readonly ack: readonly number[];
  readonly screen: readonly number[];
  readonly lost: number;
}

/** Sends so many messages, each when the one before has been seen. */
export async function exchange(from: Person, to: Person, count: number): Promise<Exchange> {
  for (const { page } of [from, to]) await page.evaluate(WATCH);
  const ack: number[] = [];
  const screen: number[] = [];
  let lost = 0;
  const first = await numberOf(from.page);
  for (let index = first; index < first + count; index += 1) {
    // The full stop parts it from the time that follows in the bubble.
    const name = `lab-message-${index}.`;
    await from.follow([{ do: 'write', label: 'Message', text: name }]);
    const [acknowledgedAt, seenAt] = await Promise.all([
      timeOf(from.page, 'acknowledged', name),
      timeOf(to.page, 'seen', name),
    ]);
    const sentAt = Number(await from.page.evaluate('globalThis.labTimes.keys.at(-1)'));
    if (acknowledgedAt === undefined || seenAt === undefined) lost += 1;
    else {
      ack.push(acknowledgedAt - sentAt);
      screen.push(seenAt - sentAt);
    }
  }
  return { ack, screen, lost };
}

/** Names of messages go on where they ended: a page may be measured more than once. */
async function numberOf(page: Page): Promise<number> {
  return Number(await page.evaluate('Object.keys(globalThis.labTimes.seen).length'));
}

/** Waits in the page until a message is noted; `undefined` when it is not in time. */
async function timeOf(page: Page, list: 'seen' | 'acknowledged', name: string): Promise<number | undefined> {
  const found = await page.evaluate(`new Promise((resolve) => {
    const until = Date.now() + ${MESSAGE_MS};
    const look = () => {
      const at = globalThis.labTimes[${JSON.stringify(list)}][${JSON.stringify(name)}];
      if (at !== undefined || Date.now() > until) resolve(at ?? null);
      else setTimeout(look, 10);
    };
    look();
  })`);
  return typeof found === 'number' ? found : undefined;
}

/** The figures of an exchange. */
export function latencyOf(
  where: Pick<LatencyResult, 'option' | 'border' | 'to'>,
  { ack, screen, lost }: Exchange,
): LatencyResult {
  return {
    kind: 'latency',
    ...where,
    messages: ack.length + lost,
    lost,
    ack: quantilesOf(ack),
    screen: quantilesOf(screen),
  };
}
