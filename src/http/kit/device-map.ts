import { type DeviceId, parseDeviceId } from '../../matrix/ids.ts';

/** An object whose keys are device ids, as a map; other keys name no device. */
export function deviceMap<T>(source: Readonly<Record<string, T>>): Map<DeviceId, T> {
  const map = new Map<DeviceId, T>();
  for (const [text, value] of Object.entries(source)) {
    const device = parseDeviceId(text);
    if (device !== undefined) map.set(device, value);
  }
  return map;
}
