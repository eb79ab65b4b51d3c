/** What the process of the WebRTC port and its parent say to each other. */

export interface DirectStart {
  readonly kind: 'start';
  readonly address: string;
  readonly port: number;
  readonly certificateFile: string;
  readonly keyFile: string;
}

export type ToChild =
  | DirectStart
  | { readonly kind: 'secrets'; readonly secrets: readonly Uint8Array[] }
  | { readonly kind: 'send'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'close'; readonly id: number };

export type FromChild =
  | { readonly kind: 'listening' }
  | { readonly kind: 'opened'; readonly id: number; readonly address: string; readonly clientFingerprint: string }
  | { readonly kind: 'message'; readonly id: number; readonly bytes: Uint8Array }
  | { readonly kind: 'closed'; readonly id: number };

const KINDS: ReadonlySet<unknown> = new Set(['listening', 'opened', 'message', 'closed'] satisfies FromChild['kind'][]);

/** Whether a message is one of the process of the port. */
export function isFromChild(message: unknown): message is FromChild {
  return typeof message === 'object' && message !== null && 'kind' in message && KINDS.has(message.kind);
}
