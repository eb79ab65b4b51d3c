/** Everything that must hold at the end of a life (SECURITY §7.3). */
import assert from 'node:assert/strict';
import type { Life } from '../life/life.ts';
import { checkAccepted, checkForged, checkRejected } from './acceptance.ts';
import { checkConvergence, checkHeads, checkStates } from './agreement.ts';
import { checkDevices, checkSyncs } from './clients.ts';
import { checkEvents, checkMessages, checkTexts } from './delivery.ts';
import { RoomView } from './room-view.ts';

/** Throws an AssertionError that begins with the name of what does not hold. */
export async function checkLife(life: Life): Promise<void> {
  const { world } = life;
  assert.deepEqual(world.mishaps, [], 'P0: nothing goes wrong that nobody asked for');
  const views: RoomView[] = [];
  for (const server of world.servers) views.push(await world.until(RoomView.of(server, life.room)));
  await checkStates(views);
  await checkHeads(views);
  // A server that tells each something else is followed by each as far as it hears.
  if (life.isPeaceful && !world.faults.has('forgery')) await checkConvergence(views);
  await checkEvents(life, views);
  checkTexts(views);
  checkMessages(life);
  await checkAccepted(views);
  await checkRejected(views);
  await checkForged(life, views);
  await checkDevices(life, views);
  await checkSyncs(life);
}
