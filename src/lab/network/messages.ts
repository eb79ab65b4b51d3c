/** What the lab and its own processes say to each other. */
import type { Rule } from '../censor/rules.ts';
import type { PipeSettings } from '../shape/pipe.ts';
import type { BorderProfile } from '../shape/profiles.ts';
import type { Foreign, LabEvent, Traffic } from './router.ts';
import type { HostSpec, Place } from './topology.ts';

/** A host, and where its end of the line under the network is. */
export interface WiredHost extends HostSpec {
  readonly underlay: string;
}

export type RouterCommand =
  | { readonly do: 'border'; readonly profile: BorderProfile }
  | { readonly do: 'device'; readonly host: string; readonly settings: PipeSettings | undefined }
  | { readonly do: 'censor'; readonly name: string; readonly rule: Rule | undefined; readonly place: Place }
  | { readonly do: 'count' };

export interface Counts {
  readonly traffic: ReadonlyMap<string, Traffic>;
  readonly foreign: readonly Foreign[];
  readonly lost: Readonly<Record<'loss' | 'queue' | 'cut' | 'unreadable', number>>;
}

/** Every command is answered, so that whoever gave it knows that it holds. */
export type RouterReport =
  | { readonly tell: 'ready' }
  | { readonly tell: 'event'; readonly event: LabEvent }
  | { readonly tell: 'done'; readonly id: number; readonly counts: Counts };

export interface Numbered<T> {
  readonly id: number;
  readonly command: T;
}

/** What is asked of a process on a host. */
export type AgentCommand =
  | {
      readonly do: 'fetch';
      readonly url: string;
      readonly method?: string;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string;
      readonly timeoutMs?: number;
      /** Certificates that are trusted, as PEM; those of the system unless given. */
      readonly ca?: string;
      /** Connect to this address, whatever the name resolves to. */
      readonly address?: string;
    }
  | { readonly do: 'resolve'; readonly server: string; readonly name: string; readonly waitMs: number }
  /** Counts datagrams that come to a port. */
  | { readonly do: 'count'; readonly port: number; readonly waitMs: number }
  /** Sends datagrams at a rate; what it answers is what it has sent. */
  | {
      readonly do: 'blast';
      readonly address: string;
      readonly port: number;
      readonly sizeBytes: number;
      readonly kbps: number;
      readonly forMs: number;
    }
  | {
      readonly do: 'say';
      readonly address: string;
      readonly port: number;
      readonly bytes: Uint8Array;
      readonly waitMs: number;
      /** First a TLS connection, with this name or with none. */
      readonly tls?: { readonly serverName: string | undefined };
    };

export interface CountAnswer {
  readonly packets: number;
  readonly bytes: number;
  /** From the first to the last of them. */
  readonly spanMs: number;
}

export interface FetchAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly ms: number;
}

/** Every answer that came to one question, in order. */
export interface ResolveAnswer {
  readonly answers: readonly { readonly ms: number; readonly addresses: readonly string[]; readonly isTrue: boolean }[];
}

export interface SayAnswer {
  /** Milliseconds until the connection stood; absent when it never did. */
  readonly openMs?: number;
  readonly bytes: Uint8Array;
  readonly ms: number;
  readonly end: 'open' | 'closed' | 'reset' | 'refused' | 'timeout' | 'tls';
}

export type AgentAnswer = CountAnswer | FetchAnswer | ResolveAnswer | SayAnswer;

export type AgentReport =
  | { readonly tell: 'ready' }
  | { readonly tell: 'answer'; readonly id: number; readonly answer: AgentAnswer }
  | { readonly tell: 'failed'; readonly id: number; readonly code: string; readonly message: string };

/** What a name server is told at its start, and whenever it changes. */
export interface NameServerSettings {
  /** Names that it answers for itself, each with its addresses. */
  readonly zone: readonly { readonly name: string; readonly addresses: readonly string[] }[];
  /** Whom it asks about everything else; nobody where it is the authority. */
  readonly forward: readonly { readonly below: string; readonly address: string }[];
  readonly ttlSeconds: number;
}
