/** Bytes of the engine as addresses an `<img>` can show: made once, and given back when many are held. */
import { useEffect, useState } from 'preact/hooks';
import type { MediaSource } from '../../lib/engine.ts';
import { engine } from '../state.ts';

const HELD_MAX = 120;

interface Held {
  readonly address: Promise<string>;
  users: number;
}

const held = new Map<string, Held>();

/** What the bytes are, by their first ones; the claim of the sender decides nothing. */
export function sniff(bytes: Uint8Array): string {
  const start = (at: number, text: string) => [...text].every((letter, i) => bytes[at + i] === letter.charCodeAt(0));
  if (bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff) return 'image/jpeg';
  if (bytes[0] === 0x89 && start(1, 'PNG')) return 'image/png';
  if (start(0, 'GIF8')) return 'image/gif';
  if (start(0, 'RIFF') && start(8, 'WEBP')) return 'image/webp';
  if (start(4, 'ftyp')) return start(8, 'avif') ? 'image/avif' : 'video/mp4';
  if (bytes[0] === 0x1a && bytes[1] === 0x45 && bytes[2] === 0xdf && bytes[3] === 0xa3) return 'video/webm';
  if (start(0, 'OggS')) return 'audio/ogg';
  if (start(0, 'ID3') || (bytes[0] === 0xff && ((bytes[1] ?? 0) & 0xe0) === 0xe0)) return 'audio/mpeg';
  return 'application/octet-stream';
}

function keep(key: string, read: () => Promise<Uint8Array<ArrayBuffer>>): Held {
  const known = held.get(key);
  if (known !== undefined) {
    held.delete(key);
    held.set(key, known);
    return known;
  }
  const address = read().then((bytes) => URL.createObjectURL(new Blob([bytes], { type: sniff(bytes) })));
  address.catch(() => held.delete(key));
  const entry = { address, users: 0 };
  held.set(key, entry);
  release();
  return entry;
}

function release(): void {
  for (const [key, entry] of held) {
    if (held.size <= HELD_MAX) return;
    if (entry.users > 0) continue;
    held.delete(key);
    void entry.address.then((address) => URL.revokeObjectURL(address)).catch(() => undefined);
  }
}

export interface Loaded {
  readonly address?: string;
  readonly failed: boolean;
}

function useHeld(key: string | undefined, read: () => Promise<Uint8Array<ArrayBuffer>>): Loaded {
  const [loaded, setLoaded] = useState<Loaded>({ failed: false });
  useEffect(() => {
    setLoaded({ failed: false });
    if (key === undefined) return undefined;
    let isCurrent = true;
    const entry = keep(key, read);
    entry.users += 1;
    entry.address.then(
      (address) => isCurrent && setLoaded({ address, failed: false }),
      () => isCurrent && setLoaded({ failed: true }),
    );
    return () => {
      isCurrent = false;
      entry.users -= 1;
    };
  }, [key]);
  return loaded;
}

function keyOf(source: MediaSource): string {
  return source.blobId ?? source.uri ?? '';
}

/** The address of a file or picture of a message; `undefined` source loads nothing. */
export function useMedia(source: MediaSource | undefined): Loaded {
  return useHeld(source && keyOf(source), () => engine.commands.readMedia(source ?? {}));
}

/** The address of a person's or room's picture. */
export function useThumbnail(uri: string | undefined, sidePixels: number): Loaded {
  return useHeld(uri && `${uri} ${sidePixels}`, () => engine.commands.readThumbnail(uri ?? '', sidePixels));
}

/** Lets the browser save a file under its name, never open it. */
export async function saveFile(source: MediaSource, name: string): Promise<void> {
  const bytes = await engine.commands.readMedia(source);
  const address = URL.createObjectURL(new Blob([bytes], { type: 'application/octet-stream' }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name || 'file';
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
