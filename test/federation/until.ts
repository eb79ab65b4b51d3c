/** Waiting for what another server sends: by long polls, not by time. */
import assert from 'node:assert/strict';
import type { User } from '../harness/index.ts';

const LIMIT_MS = 20_000;

/** Follows the user's sync until something holds; rejects after 20 s. */
export async function untilTrue(
  user: User,
  holds: (answer: unknown) => boolean | Promise<boolean>,
  from?: string,
): Promise<void> {
  const limit = AbortSignal.timeout(LIMIT_MS);
  let since = from;
  for (;;) {
    const query = { timeout: '5000', ...(since !== undefined && { since }) };
    const answer = await user.sync(query, { signal: limit });
    since = answer.text('next_batch');
    if (await holds(answer.body)) return;
  }
}

/** Follows the user's sync, from a token where one is given, until an event has arrived in a room. */
export async function untilSeen(user: User, room: string, eventId: string, from?: string): Promise<void> {
  try {
    await untilTrue(user, (answer) => timelineOf(answer, room).includes(eventId), from);
  } catch (error) {
    assert.fail(`${user.id} has not seen ${eventId}: ${String(error)}`);
  }
}

interface SyncBody {
  readonly rooms?: Record<
    'join' | 'leave',
    Record<string, { timeline?: { events: { event_id: string }[] } }> | undefined
  >;
}

function timelineOf(answer: unknown, room: string): string[] {
  const { rooms } = answer as SyncBody;
  return [rooms?.join?.[room], rooms?.leave?.[room]].flatMap((one) =>
    (one?.timeline?.events ?? []).map((event) => event.event_id),
  );
}
