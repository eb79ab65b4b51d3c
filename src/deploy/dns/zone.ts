/** The private zone: names with their records, and what a question for one of them finds. */
import { isWithin, parseName } from './names.ts';
import { parseRecord, RECORD_FORMS, type RecordData, type RecordType } from './records.ts';

/** As the configuration has it. */
export interface ZoneSource {
  readonly zone: string;
  readonly records: readonly { readonly name: string; readonly type: RecordType; readonly value: string }[];
  readonly ttlSeconds: number;
}

export interface Zone {
  /** In lower case, without a dot at its end; so are all names. */
  readonly name: string;
  /** The server that a delegation names; the zone's own name where nobody delegates it. */
  readonly nameServer?: string;
  readonly ttlSeconds: number;
  /** Names whose address is that from which a node's link comes. */
  readonly moving?: readonly MovingName[];
  /** Name → type → records. A name that has none has names below it that do. */
  readonly names: ReadonlyMap<string, ReadonlyMap<RecordType, readonly RecordData[]>>;
}

/** A name that follows a node on a line whose address changes. */
export interface MovingName {
  readonly name: string;
  readonly type: 'A' | 'AAAA';
  readonly node: string;
}

/** What moves is asked for anew soon. */
const MOVING_TTL_SECONDS_MAX = 60;
const LINK = /^link:([0-9A-Za-z_-]{1,64})$/;

/** Records of one name and type: their answer stays far below what TCP can carry. */
const SET_MAX = 32;
const RECORDS_MAX = 1_000;
/** CNAMEs one after another. */
const CHAIN_MAX = 8;

/** The zone, or every mistake in it, one sentence each. */
export function parseZone(source: ZoneSource): { readonly zone: Zone } | { readonly mistakes: readonly string[] } {
  const mistakes: string[] = [];
  const name = parseName(source.zone);
  if (name === undefined) {
    return { mistakes: [`dns.zone is ${show(source.zone)}; allowed is a name like example.org`] };
  }
  if (source.records.length > RECORDS_MAX) mistakes.push(`dns.records has more than ${RECORDS_MAX} entries`);
  const names = new Map<string, Map<RecordType, RecordData[]>>([[name, new Map()]]);
  const moving: MovingName[] = [];
  for (const [index, record] of source.records.entries()) {
    const where = `dns.records[${index}]`;
    const owner = parseName(record.name);
    const node = readNode(record);
    const data = node === undefined ? parseRecord(record.type, record.value) : undefined;
    if (owner === undefined || !isWithin(owner, name)) {
      mistakes.push(`${where}.name is ${show(record.name)}; allowed is ${name} or a whole name that ends in .${name}`);
    } else if (node !== undefined) {
      moving.push({ name: owner, ...node });
      if (!names.has(owner)) names.set(owner, new Map());
    } else if (data === undefined) {
      mistakes.push(`${where}.value is ${show(record.value)}; allowed is ${RECORD_FORMS[record.type]}`);
    } else {
      add(names, owner, data);
    }
  }
  const isMoving = moving.length > 0;
  const ttlSeconds = isMoving ? Math.min(source.ttlSeconds, MOVING_TTL_SECONDS_MAX) : source.ttlSeconds;
  const zone = { name, ttlSeconds, names, ...(isMoving && { moving }) };
  mistakes.push(...conflicts(zone));
  if (mistakes.length > 0) return { mistakes };
  addAncestors(names, name);
  return { zone };
}

/** The node of a value `link:NODE`. */
function readNode({ type, value }: ZoneSource['records'][number]): Omit<MovingName, 'name'> | undefined {
  const node = LINK.exec(value)?.[1];
  return node === undefined || (type !== 'A' && type !== 'AAAA') ? undefined : { type, node };
}

function add(names: Map<string, Map<RecordType, RecordData[]>>, owner: string, data: RecordData): void {
  const sets = names.get(owner) ?? new Map<RecordType, RecordData[]>();
  names.set(owner, sets);
  const set = sets.get(data.type) ?? [];
  sets.set(data.type, set);
  // RFC 2181 §5: "It is meaningless for two records to ever have label, class, type and data all equal".
  if (!set.some((one) => JSON.stringify(one) === JSON.stringify(data))) set.push(data);
}

function conflicts(zone: Zone): string[] {
  const found: string[] = [];
  for (const [owner, sets] of zone.names) {
    for (const [type, set] of sets) {
      if (set.length > SET_MAX) found.push(`dns.records has more than ${SET_MAX} of ${owner} ${type}`);
    }
    const aliases = sets.get('CNAME') ?? [];
    if (aliases.length === 0) continue;
    // RFC 1034 §3.6.2: "If a CNAME RR is present at a node, no other data should be present".
    const moves = zone.moving?.some(({ name }) => name === owner) === true;
    if (sets.size > 1 || aliases.length > 1 || owner === zone.name || moves) {
      found.push(`dns.records has a CNAME of ${owner} and other records of it; a CNAME stands alone, below the zone`);
    }
    if (follow(zone, owner).target === undefined) {
      found.push(`dns.records leads from ${owner} in a circle, or over more than ${CHAIN_MAX} CNAMEs; name the target`);
    }
  }
  return found;
}

/** RFC 8020: a name exists, though without records, where there are names below it. */
function addAncestors(names: Map<string, Map<RecordType, RecordData[]>>, zone: string): void {
  for (const owner of names.keys()) {
    let name = owner;
    while (name !== zone) {
      name = name.slice(name.indexOf('.') + 1);
      if (!names.has(name)) names.set(name, new Map());
    }
  }
}

export interface Followed {
  /** CNAMEs on the way. */
  readonly aliases: readonly { readonly name: string; readonly data: RecordData }[];
  /** Where they lead; `undefined` where they lead nowhere. */
  readonly target: string | undefined;
}

/** Follows the CNAMEs of a name as far as they stay within the zone. */
export function follow(zone: Zone, name: string): Followed {
  const aliases: { name: string; data: RecordData }[] = [];
  let target = name;
  while (aliases.length <= CHAIN_MAX) {
    const [data] = zone.names.get(target)?.get('CNAME') ?? [];
    if (data?.type !== 'CNAME') return { aliases, target };
    aliases.push({ name: target, data });
    target = data.target;
  }
  return { aliases, target: undefined };
}

/** The addresses that a name has within the zone, over its CNAMEs. */
export function addressesOf(zone: Zone, name: string): string[] {
  const { target } = follow(zone, name);
  const sets = target === undefined ? undefined : zone.names.get(target);
  const records = [...(sets?.get('A') ?? []), ...(sets?.get('AAAA') ?? [])];
  return records.flatMap((one) => (one.type === 'A' || one.type === 'AAAA' ? [one.address] : []));
}

function show(value: string): string {
  return JSON.stringify(value).slice(0, 60);
}
