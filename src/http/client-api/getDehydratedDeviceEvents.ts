import { getDehydratedDeviceEvents } from '../../matrix/api/client-server/getDehydratedDeviceEvents.ts';
import { JsonText } from '../kit/answer.ts';
import { joinTexts } from './json-texts.ts';
import type { DeviceId } from '../../matrix/ids.ts';
import type { Services } from '../../server/services.ts';
import { type ClientRoute, clientRoute } from './client-route.ts';

export function getDehydratedDeviceEventsRoute({ keys }: Services): ClientRoute {
  return clientRoute(
    getDehydratedDeviceEvents,
    async ({ caller, path, body }) => {
      const device = path['device_id'] as DeviceId;
      const page = await keys.dehydrated.events(caller.user, device, body.next_batch);
      return new JsonText(`{"events":${joinTexts(page.events)},"next_batch":"${page.nextBatch}"}`);
    },
    { limit: 'keys' },
  );
}
