/** What a run measures: one line of JSON for each, and what they are drawn from. Pure. */

/** One cell of the matrix: a fresh person, a fresh profile, one mechanism. */
export interface CellResult {
  readonly kind: 'cell';
  readonly option: string;
  readonly mechanism: string;
  readonly number: number;
  readonly survived: boolean;
  readonly seconds: number;
  /** The step that could not be done, and what the browser said. */
  readonly failedAt?: string;
  /** What censors did meanwhile, the most frequent first. */
  readonly reasons: readonly { readonly reason: string; readonly count: number }[];
  /** The highest score that was given. */
  readonly score?: number;
  /** What a person did: clicks, texts, pages. */
  readonly actions: number;
}

/** Times of messages, in milliseconds. */
export interface LatencyResult {
  readonly kind: 'latency';
  readonly option: string;
  readonly border: string;
  readonly to: 'same-server' | 'abroad';
  readonly messages: number;
  /** Messages that were not seen in time. */
  readonly lost: number;
  readonly ack: Quantiles;
  readonly screen: Quantiles;
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
}

/** IP bytes at the device of one person. */
export interface BytesResult {
  readonly kind: 'bytes';
  readonly option: string;
  readonly perMessageSent: number;
  readonly perMessageReceived: number;
  readonly idlePerHour: number;
}

/** What people and operators do before the first message. */
export interface EaseResult {
  readonly kind: 'ease';
  readonly option: string;
  readonly actions: number;
  readonly userSteps: number;
  readonly seconds: number;
  readonly operatorParts: number;
}

/** What somebody finds who tries the port. */
export interface ProbeResult {
  readonly kind: 'probe';
  readonly option: string;
  readonly grade: 'silent' | 'web-site' | 'distinguishable';
  readonly answers: readonly { readonly probe: string; readonly answer: string }[];
}

/** Packets to addresses that nobody in the lab has. */
export interface ForeignResult {
  readonly kind: 'foreign';
  readonly option: string;
  readonly packets: number;
  readonly destinations: readonly string[];
}

/** The queue of a server whose border was cut for a while. */
export interface IslandResult {
  readonly kind: 'island';
  readonly option: string;
  readonly cutSeconds: number;
  readonly sent: number;
  readonly lost: number;
  readonly doubled: number;
  readonly inOrder: boolean;
  readonly healMs: number;
  /** Inside, while the border is cut. */
  readonly localP95: number;
}

export interface RunHead {
  readonly kind: 'run';
  readonly version: string;
  readonly command: string;
  readonly backend: 'namespaces' | 'loopback';
  readonly at: string;
  readonly machine: string;
}

export type Result =
  | RunHead
  | CellResult
  | LatencyResult
  | BytesResult
  | EaseResult
  | ProbeResult
  | ForeignResult
  | IslandResult;

/** Reads lines that a run has written; a line that a run could not finish is left out. */
export function readResults(text: string): Result[] {
  return text.split('\n').flatMap((line): Result[] => {
    try {
      return line === '' ? [] : [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}

/** The quantiles of times; of none they are zero. */
export function quantilesOf(times: readonly number[]): Quantiles {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number): number =>
    Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0);
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}

/** Counts equal texts, the most frequent first. */
export function countReasons(reasons: readonly string[]): { readonly reason: string; readonly count: number }[] {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts]
    .map(([reason, count]) => ({ reason, count }))
    .toSorted((left, right) => right.count - left.count)
    .slice(0, 8);
}
