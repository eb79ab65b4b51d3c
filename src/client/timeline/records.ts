/** Between events in memory, readable, and events in the store, with their decrypted content sealed. */
import type { Decrypted } from '../crypto/face.ts';
import type { ClearContent, RoomEvent } from '../events.ts';
import { asObject, asString, field } from '../json.ts';
import type { EventRecord } from '../store/records.ts';
import type { Sealer } from '../store/sealer.ts';

/** The event with the outcome of its decryption. */
export function withDecrypted(event: RoomEvent, decrypted: Decrypted): RoomEvent {
  const { clear: _clear, shield: _shield, unreadable: _unreadable, ...rest } = event;
  return { ...rest, ...decrypted };
}

export async function sealEvent(sealer: Sealer, event: RoomEvent): Promise<EventRecord> {
  const { clear, ...rest } = event;
  return clear === undefined ? rest : { ...rest, sealed: await sealer.seal(clear) };
}

/** Opens a stored event; one whose seal does not open is shown as unreadable rather than lost. */
export async function openEvent(sealer: Sealer, record: EventRecord): Promise<RoomEvent> {
  const { sealed, ...rest } = record;
  if (sealed === undefined) return rest;
  const clear = parseClear(await sealer.open(sealed).catch(() => undefined));
  return clear === undefined ? { ...rest, unreadable: 'missing-key' } : { ...rest, clear };
}

function parseClear(value: unknown): ClearContent | undefined {
  const object = asObject(value);
  const type = asString(field(object, 'type'));
  const content = asObject(field(object, 'content'));
  return type === undefined || content === undefined ? undefined : { type, content };
}
