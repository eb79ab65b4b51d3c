/** Names and addresses as the zone takes them: nothing in them means anything to a shell, a file or a resolver. */
import { isIP } from 'node:net';

/** Host labels, and those of services (`_matrix-fed._tcp`). */
const LABEL = /^[0-9a-z_](?:[0-9a-z_-]{0,61}[0-9a-z_])?$/;
/** RFC 1035 §2.3.4: "names 255 octets or less", of which two are no characters. */
const NAME_CHARS_MAX = 253;

/** A name in lower case without its last dot; `undefined` where it is none. */
export function parseName(text: string): string | undefined {
  // Characters of other scripts may turn into letters when they are lowered.
  if (!/^[\x21-\x7e]+$/.test(text)) return undefined;
  const name = text.toLowerCase().replace(/\.$/, '');
  if (name.length > NAME_CHARS_MAX || isIP(name) !== 0) return undefined;
  return name.split('.').every((label) => LABEL.test(label)) ? name : undefined;
}

/** Whether `name` is `zone` or lies below it. */
export function isWithin(name: string, zone: string): boolean {
  return name === zone || name.endsWith(`.${zone}`);
}

/** An IPv4 address; `undefined` where it is none. */
export function parseIpv4(text: string): string | undefined {
  return isIP(text) === 4 ? text : undefined;
}

/** An IPv6 address in its one short form, without a zone of an interface; `undefined` where it is none. */
export function parseIpv6(text: string): string | undefined {
  if (isIP(text) !== 6 || text.includes('%')) return undefined;
  return new URL(`http://[${text}]/`).hostname.slice(1, -1);
}

/** The eight groups of an address that {@link parseIpv6} gave. */
export function ipv6Groups(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const numbers = (part: string): number[] =>
    part
      .split(':')
      .filter(Boolean)
      .map((group) => Number.parseInt(group, 16));
  const [first, last] = [numbers(head), numbers(tail ?? '')];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => 0);
  return [...first, ...zeros, ...last];
}
