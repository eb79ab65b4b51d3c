/** Packets as a file that other programs read: the classic pcap format, with whole IP packets. */
import { closeSync, openSync, writeSync } from 'node:fs';

/** LINKTYPE_RAW: "the packet begins with an IPv4 or IPv6 header". */
const LINKTYPE_RAW = 101;
const SNAP_BYTES = 65_535;

export class PcapFile {
  readonly #file: number;
  #isOpen = true;

  constructor(path: string) {
    this.#file = openSync(path, 'w');
    const head = Buffer.alloc(24);
    head.writeUInt32LE(0xa1b2c3d4, 0);
    head.writeUInt16LE(2, 4);
    head.writeUInt16LE(4, 6);
    head.writeUInt32LE(SNAP_BYTES, 16);
    head.writeUInt32LE(LINKTYPE_RAW, 20);
    writeSync(this.#file, head);
  }

  write(bytes: Uint8Array, atMs: number): void {
    if (!this.#isOpen) return;
    const head = Buffer.alloc(16);
    head.writeUInt32LE(Math.floor(atMs / 1_000), 0);
    head.writeUInt32LE(Math.floor((atMs % 1_000) * 1_000), 4);
    head.writeUInt32LE(bytes.length, 8);
    head.writeUInt32LE(bytes.length, 12);
    writeSync(this.#file, Buffer.concat([head, bytes]));
  }

  close(): void {
    if (this.#isOpen) closeSync(this.#file);
    this.#isOpen = false;
  }
}
