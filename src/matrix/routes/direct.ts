/**
 * What opens a WebRTC port: the user fragment and password of ICE, made of the secret that an invite or a manifest
 * holds. Whoever has no secret cannot make a fragment to which anything is answered (DEPLOYMENT §11).
 */

export const NONCE_BYTES = 8;
const UFRAG = /^mx([0-9a-f]{16})([0-9a-f]{16})$/;
const TAG_LENGTH = 16;
const PASSWORD_LENGTH = 32;

/** HMAC-SHA-256 by the secret, in hexadecimal digits. */
export type HexHmac = (text: string) => string | Promise<string>;

/** "ufrag = "mx" + nonce(8 bytes) + HMAC(secret, "u"+nonce)[first 8 bytes]", in hexadecimal digits. */
export async function directUfrag(nonce: string, hmac: HexHmac): Promise<string> {
  return `mx${nonce}${(await hmac(`u${nonce}`)).slice(0, TAG_LENGTH)}`;
}

/** "pwd = HMAC(secret, ufrag)[first 32 digits]" */
export async function directPassword(ufrag: string, hmac: HexHmac): Promise<string> {
  return (await hmac(ufrag)).slice(0, PASSWORD_LENGTH);
}

/** The nonce and the tag of a fragment; `undefined` for any other text, which libraries below may not survive. */
export function splitUfrag(text: string): { readonly nonce: string; readonly tag: string } | undefined {
  const match = UFRAG.exec(text);
  return match === null ? undefined : { nonce: match[1] ?? '', tag: match[2] ?? '' };
}

/** What the server signs once a channel is open: that it is this server, and this very channel. */
export function bindingText(one: {
  readonly serverName: string;
  /** SHA-256 fingerprints of both certificates, as SDP writes them. */
  readonly clientFingerprint: string;
  readonly serverFingerprint: string;
}): string {
  const { serverName, clientFingerprint, serverFingerprint } = one;
  return `postern-direct-1 ${serverName} ${clientFingerprint.toUpperCase()} ${serverFingerprint.toUpperCase()}`;
}

/** A fingerprint as SDP writes it. */
export function formatFingerprint(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}
