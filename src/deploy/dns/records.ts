/** The records of the private zone, from how the configuration writes them: the forms of zone files. */
import { parseIpv4, parseIpv6, parseName } from './names.ts';

export type RecordType = 'A' | 'AAAA' | 'CNAME' | 'SRV' | 'HTTPS' | 'TXT';

export type RecordData =
  | { readonly type: 'A' | 'AAAA'; readonly address: string }
  | { readonly type: 'CNAME'; readonly target: string }
  | {
      readonly type: 'SRV';
      readonly priority: number;
      readonly weight: number;
      readonly port: number;
      readonly target: string;
    }
  | { readonly type: 'TXT'; readonly text: string }
  | ({ readonly type: 'HTTPS'; readonly priority: number; readonly target: string } & HttpsParameters);

export interface HttpsParameters {
  readonly alpn?: readonly string[];
  readonly noDefaultAlpn?: boolean;
  readonly port?: number;
  readonly ipv4hint?: readonly string[];
  readonly ipv6hint?: readonly string[];
}

/** What each type allows, for messages. */
export const RECORD_FORMS: Readonly<Record<RecordType, string>> = {
  A: 'an IPv4 address, or link:NODE',
  AAAA: 'an IPv6 address, or link:NODE',
  CNAME: 'a name',
  SRV: '"PRIORITY WEIGHT PORT NAME"',
  HTTPS: '"PRIORITY NAME" with alpn=…, no-default-alpn, port=…, ipv4hint=…, ipv6hint=… behind; "." is the name itself',
  TXT: 'at most 1000 bytes of text without control characters',
};

const TEXT_BYTES_MAX = 1_000;
/** What an ALPN name needs: no comma, no escape. */
const ALPN = /^[0-9A-Za-z./_-]{1,32}$/;

/** The value of a record; `undefined` where it has not the form of its type. */
export function parseRecord(type: RecordType, value: string): RecordData | undefined {
  switch (type) {
    case 'A': {
      const address = parseIpv4(value);
      return address === undefined ? undefined : { type, address };
    }
    case 'AAAA': {
      const address = parseIpv6(value);
      return address === undefined ? undefined : { type, address };
    }
    case 'CNAME': {
      const target = parseName(value);
      return target === undefined ? undefined : { type, target };
    }
    case 'SRV':
      return parseSrv(value);
    case 'TXT':
      return /\p{Cc}/u.test(value) || Buffer.byteLength(value) > TEXT_BYTES_MAX ? undefined : { type, text: value };
    case 'HTTPS':
      return parseHttps(value);
  }
}

function parseSrv(value: string): RecordData | undefined {
  const [priority, weight, port, name, ...more] = value.split(' ');
  const numbers = [priority, weight, port].map(parseNumber);
  const target = name === '.' ? '' : parseName(name ?? '-');
  const [first, second, third] = numbers;
  if (first === undefined || second === undefined || third === undefined) return undefined;
  if (target === undefined || more.length > 0) return undefined;
  return { type: 'SRV', priority: first, weight: second, port: third, target };
}

function parseHttps(value: string): RecordData | undefined {
  const [first, name, ...rest] = value.split(' ');
  const priority = parseNumber(first);
  // RFC 9460 §2.5.2: "For ServiceMode SVCB RRs, if TargetName has the value ".", then the owner name of this record
  // MUST be used as the effective TargetName."
  const target = name === '.' ? '' : parseName(name ?? '-');
  if (priority === undefined || target === undefined) return undefined;
  const parameters = parseParameters(rest);
  if (parameters === undefined) return undefined;
  // RFC 9460 §2.4.2: priority 0 is an alias, whose parameters nobody reads.
  if (priority === 0 && (rest.length > 0 || target === '')) return undefined;
  // RFC 9460 §7.1.1: it says nothing without "alpn".
  if (parameters.noDefaultAlpn === true && parameters.alpn === undefined) return undefined;
  return { type: 'HTTPS', priority, target, ...parameters };
}

function parseParameters(words: readonly string[]): HttpsParameters | undefined {
  const seen = new Map<string, string | undefined>();
  for (const word of words) {
    const mark = word.indexOf('=');
    const key = mark === -1 ? word : word.slice(0, mark);
    if (seen.has(key)) return undefined;
    seen.set(key, mark === -1 ? undefined : word.slice(mark + 1));
  }
  let all: HttpsParameters = {};
  for (const [key, value] of seen) {
    const one = parseParameter(key, value);
    if (one === undefined) return undefined;
    all = { ...all, ...one };
  }
  return all;
}

function parseParameter(key: string, value: string | undefined): HttpsParameters | undefined {
  if (key === 'no-default-alpn') return value === undefined ? { noDefaultAlpn: true } : undefined;
  const items = value?.split(',') ?? [];
  if (value === undefined || items.length > 8) return undefined;
  switch (key) {
    case 'alpn':
      return items.every((item) => ALPN.test(item)) ? { alpn: items } : undefined;
    case 'port': {
      const port = parseNumber(value);
      return port === undefined ? undefined : { port };
    }
    case 'ipv4hint': {
      const ipv4hint = items.map(parseIpv4).filter((one) => one !== undefined);
      return ipv4hint.length === items.length ? { ipv4hint } : undefined;
    }
    case 'ipv6hint': {
      const ipv6hint = items.map(parseIpv6).filter((one) => one !== undefined);
      return ipv6hint.length === items.length ? { ipv6hint } : undefined;
    }
    default:
      return undefined;
  }
}

/** 16 bits, written in decimal digits. */
function parseNumber(text: string | undefined): number | undefined {
  if (text === undefined || !/^[0-9]{1,5}$/.test(text)) return undefined;
  const number = Number(text);
  return number <= 65_535 ? number : undefined;
}
