/** Which addresses outgoing requests may connect to. */
import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;
type Range = readonly [Address, number];

export class AddressGate {
  readonly #denied: readonly Range[];

  /** `denyRanges` are addresses and ranges like `10.0.0.0/8`. */
  constructor(denyRanges: readonly string[]) {
    this.#denied = denyRanges.map(parseRange);
  }

  /** Whether an IP address is in a denied range, or carries one that is; what is no address is denied. */
  denies(text: string): boolean {
    if (!ipaddr.isValid(text)) return true;
    const address = ipaddr.parse(text);
    return [address, ...innerAddresses(address)].some((one) =>
      this.#denied.some(([base, bits]) => base.kind() === one.kind() && one.match(base, bits)),
    );
  }
}

/** Whether an address is one that only the machine or its own network reaches. */
export function isPrivateAddress(text: string): boolean {
  return ipaddr.isValid(text) && ipaddr.process(text).range() !== 'unicast';
}

function parseRange(text: string): Range {
  if (text.includes('/')) return ipaddr.parseCIDR(text);
  const address = ipaddr.parse(text);
  return [address, address.kind() === 'ipv6' ? 128 : 32];
}

/** The IPv4 addresses that packets to an IPv6 address end at, by each way of carrying one inside the other. */
function innerAddresses(address: Address): ipaddr.IPv4[] {
  if (!(address instanceof ipaddr.IPv6)) return [];
  const bytes = address.toByteArray();
  const found: number[][] = [];
  const startsWith = (...prefix: number[]): boolean => prefix.every((byte, index) => bytes[index] === byte);
  const zeros = (from: number, to: number): boolean => bytes.slice(from, to).every((byte) => byte === 0);
  // IPv4-mapped (RFC 4291), IPv4-compatible (the same, deprecated), IPv4-translated (RFC 2765).
  if (zeros(0, 10) && (bytes[10] === 0xff ? bytes[11] === 0xff : zeros(10, 12))) found.push(bytes.slice(12));
  if (zeros(0, 8) && bytes[8] === 0xff && bytes[9] === 0xff && zeros(10, 12)) found.push(bytes.slice(12));
  // NAT64: the well-known prefix (RFC 6052) and the one for local use (RFC 8215).
  if (startsWith(0x00, 0x64, 0xff, 0x9b)) found.push(bytes.slice(12));
  // 6to4 (RFC 3056).
  if (startsWith(0x20, 0x02)) found.push(bytes.slice(2, 6));
  // Teredo (RFC 4380): the server's address, and the client's with its bits inverted.
  if (startsWith(0x20, 0x01, 0x00, 0x00)) {
    found.push(
      bytes.slice(4, 8),
      bytes.slice(12).map((byte) => byte ^ 0xff),
    );
  }
  // ISATAP (RFC 5214): whatever the prefix.
  if ((bytes[8] ?? 0) <= 2 && bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe) found.push(bytes.slice(12));
  return found.map((inner) => new ipaddr.IPv4(inner));
}
