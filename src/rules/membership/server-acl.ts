/**
 * Server access control lists: which servers may take part in a room.
 * `data/event-schemas/schema/m.room.server_acl.yaml`, `content/server-server-api.md`, "Server Access Control Lists".
 */
import { Glob, isGlob } from '../../lib/glob.ts';
import type { Pdu, StateLookup } from '../../matrix/events.ts';
import { type ServerName, serverOf } from '../../matrix/ids.ts';
import { getArray, getBoolean, type JsonObject } from '../../matrix/json.ts';
import { ACCEPT, drop, type FormatVerdict } from '../verdict.ts';

/** Verdicts kept per list: enough for the servers of the largest rooms, and no more. */
const MEMO_MAX = 10_000;
const IPV4 = /^[0-9]{1,3}(?:\.[0-9]{1,3}){3}$/;

/** "The suspect server's port number must not be considered." */
function hostOf(server: string): string {
  const folded = server.toLowerCase();
  if (folded.startsWith('[')) return folded.slice(0, folded.indexOf(']') + 1);
  const colon = folded.indexOf(':');
  return colon < 0 ? folded : folded.slice(0, colon);
}

/** "Case-insensitive glob expressions"; entries that are no strings match nothing. */
class PatternList {
  readonly #exact = new Set<string>();
  readonly #globs: Glob[] = [];

  constructor(content: JsonObject, key: string) {
    for (const entry of getArray(content, key) ?? []) {
      if (typeof entry !== 'string') continue;
      const pattern = entry.toLowerCase();
      if (isGlob(pattern)) this.#globs.push(new Glob(pattern));
      else this.#exact.add(pattern);
    }
  }

  has(host: string): boolean {
    return this.#exact.has(host) || this.#globs.some((glob) => glob.matches(host));
  }
}

/** The access control list of a room, made ready for many requests. */
export class ServerAcl {
  readonly #allow: PatternList;
  readonly #deny: PatternList;
  readonly #allowsIpLiterals: boolean;
  readonly #memo = new Map<string, boolean>();

  constructor(content: JsonObject) {
    this.#allow = new PatternList(content, 'allow');
    this.#deny = new PatternList(content, 'deny');
    // "Defaults to `true` if missing or otherwise not a boolean."
    this.#allowsIpLiterals = getBoolean(content, 'allow_ip_literals') ?? true;
  }

  /** Whether a server may take part. */
  allows(server: string): boolean {
    const host = hostOf(server);
    let verdict = this.#memo.get(host);
    if (verdict === undefined) {
      verdict = this.#judge(host);
      if (this.#memo.size >= MEMO_MAX) this.#memo.clear();
      this.#memo.set(host, verdict);
    }
    return verdict;
  }

  #judge(host: string): boolean {
    // "If the server name is an IP address (v4 or v6) literal, and `allow_ip_literals` is present and `false`, deny."
    if (!this.#allowsIpLiterals && (host.startsWith('[') || IPV4.test(host))) return false;
    // "If the server name matches an entry in the `deny` list, deny. If … in the `allow` list, allow. Otherwise, deny."
    return !this.#deny.has(host) && this.#allow.has(host);
  }
}

const OPEN = { allows: () => true };
const lists = new WeakMap<Pdu, ServerAcl>();

/** The access control list of a state: "if there is no `m.room.server_acl` event in the room state, allow". */
export function serverAclOf(state: StateLookup): Pick<ServerAcl, 'allows'> {
  const event = state('m.room.server_acl', '');
  if (event === undefined) return OPEN;
  let acl = lists.get(event);
  if (acl === undefined) {
    acl = new ServerAcl(event.content);
    lists.set(event, acl);
  }
  return acl;
}

/**
 * Step 0 on receipt of a PDU: neither the server that sends it nor the one that it is from may be denied, so that a
 * denied server's events do not come in by way of a third one.
 */
export function checkServerAcl(
  acl: Pick<ServerAcl, 'allows'>,
  origin: ServerName,
  event: Pick<Pdu, 'sender'>,
): FormatVerdict {
  if (!acl.allows(origin)) return drop(`the room denies ${origin}`);
  const server = serverOf(event.sender);
  return server !== undefined && acl.allows(server) ? ACCEPT : drop(`the room denies the server of ${event.sender}`);
}
