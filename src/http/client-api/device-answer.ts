import type { DeviceFacts } from '../../server/devices/index.ts';

/** A device as the API shows it. No address is kept, so none is told. */
export function deviceAnswer(device: DeviceFacts): { device_id: string; display_name?: string; last_seen_ts?: number } {
  return {
    device_id: device.device,
    ...(device.displayName !== undefined && { display_name: device.displayName }),
    ...(device.lastSeenAt !== undefined && { last_seen_ts: device.lastSeenAt }),
  };
}
