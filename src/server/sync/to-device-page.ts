/** To-device messages as both forms of sync give them: a page at a time, deleted once it is confirmed. */
import type { DeviceId } from '../../matrix/ids.ts';
import type { StreamPosition } from '../../ports/store/index.ts';
import type { Context } from '../context.ts';
import type { UserIndex } from './change-index.ts';

export interface ToDevicePage {
  /** The messages as JSON texts. */
  readonly events: readonly string[];
  /** Position up to which the device has everything with this page. */
  readonly upTo: number;
}

/** The messages of a device after one position up to another; costs nothing where memory knows of none. */
export async function readToDevice(
  { store }: Context,
  index: UserIndex,
  device: DeviceId,
  { after, to, limit }: { readonly after: number; readonly to: number; readonly limit: number },
): Promise<ToDevicePage> {
  const known = index.toDevice.get(device);
  if (known !== undefined && known.newest <= after) return { events: [], upTo: to };
  const rows = await store.keys.listToDevice(index.user, device, {
    after: after as StreamPosition,
    to: to as StreamPosition,
    limit,
  });
  const isAll = rows.length < limit;
  const newest = rows.at(-1)?.position;
  // A full page says nothing of what comes behind it.
  if (isAll && !index.toDevice.has(device)) index.toDevice.set(device, { newest: newest ?? after, isPending: true });
  return { events: rows.map((one) => one.json), upTo: isAll ? to : (newest ?? to) };
}

/** "the server … MUST delete the messages … once it receives a new sync request with the token of that answer". */
export async function acknowledgeToDevice(
  { store }: Context,
  { user, toDevice }: UserIndex,
  device: DeviceId,
  upTo: number,
): Promise<void> {
  const known = toDevice.get(device);
  if (known?.isPending === false) return;
  const position = upTo as StreamPosition;
  const pending = await store.keys.listToDevice(user, device, { after: 0, to: position, limit: 1 });
  if (pending.length > 0) await store.transact((one) => one.keys.deleteToDeviceUpTo(user, device, position));
  // What came meanwhile has made a new entry, which stays as it is.
  if (known !== undefined && known.newest <= position && toDevice.get(device) === known) {
    toDevice.set(device, { newest: known.newest, isPending: false });
  }
}
