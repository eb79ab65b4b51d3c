/** From a challenge of the authority to what it wants to see. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { encodeBase64Url } from '../../lib/base64.ts';
import type { Challenge, ChallengeKind } from '../../ports/certificates.ts';
import { badAnswer } from './refusal.ts';
import { makeChallengeCertificate } from './x509.ts';

export interface ChallengeParts {
  readonly kind: ChallengeKind;
  readonly name: string;
  readonly token: string | undefined;
  /** Of the account's key. */
  readonly thumbprint: string;
  readonly nowMs: number;
}

/** Throws where the token is none: it becomes a path. */
export function challengeOf({ kind, name, token = '', thumbprint, nowMs }: ChallengeParts): Challenge {
  // RFC 8555 §8.3: "token … MUST NOT contain any characters outside the base64url alphabet".
  if (!/^[0-9A-Za-z_-]{16,512}$/.test(token)) throw badAnswer('a token that is none');
  // §8.1: "keyAuthorization = token || '.' || base64url(Thumbprint(accountKey))"
  const keyAuthorization = `${token}.${thumbprint}`;
  return {
    kind,
    name,
    token,
    keyAuthorization,
    record: encodeBase64Url(createHash('sha256').update(keyAuthorization).digest()),
    tlsAnswer: async () => ({
      serverName: tlsNameOf(name),
      certificate: await makeChallengeCertificate(name, keyAuthorization, nowMs),
    }),
  };
}

/** RFC 8738 §6: an address is asked for by its name in `in-addr.arpa` or `ip6.arpa`, since SNI knows no addresses. */
function tlsNameOf(name: string): string {
  const version = isIP(name);
  if (version === 0) return name.toLowerCase();
  if (version === 4) return `${name.split('.').toReversed().join('.')}.in-addr.arpa`;
  return `${nibblesOf(name).toReversed().join('.')}.ip6.arpa`;
}

/** The 32 hexadecimal digits of an IPv6 address. */
function nibblesOf(address: string): string[] {
  const short = new URL(`http://[${address}]/`).hostname.slice(1, -1);
  const [head = '', tail] = short.split('::');
  const groups = (part: string): string[] => part.split(':').filter((one) => one !== '');
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return [...first, ...zeros, ...last].flatMap((group) => [...group.padStart(4, '0')]);
}
