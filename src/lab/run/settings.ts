/** What the process that runs scenarios is told, and what it tells. */
import type { BorderProfile } from '../shape/profiles.ts';
import type { Result } from './results.ts';

export interface RunSettings {
  readonly command: string;
  readonly version: string;
  readonly options: readonly string[];
  readonly mechanisms: readonly string[];
  readonly borders: readonly BorderProfile[];
  readonly messages: number;
  readonly idleSeconds: number;
  readonly islandSeconds: number;
  /** How long one step may take where nothing is slow. */
  readonly stepSeconds: number;
  /** Loopback even where namespaces are to be had. */
  readonly backend?: 'loopback';
  /** Where packets are written to; nowhere unless given. */
  readonly pcapPath?: string;
}

export type RunReport =
  | { readonly tell: 'result'; readonly result: Result }
  | { readonly tell: 'failed'; readonly message: string };
