/** What tests of the gate for outgoing requests share. */
import assert from 'node:assert/strict';
import type { IncomingMessage } from 'node:http';
import { after } from 'node:test';
import { systemClock } from '../../src/adapters/clock/index.ts';
import { createHttp, type HttpOptions } from '../../src/adapters/http/index.ts';
import { OperationError } from '../../src/matrix/errors.ts';
import type { Dns } from '../../src/ports/dns.ts';
import type { Http, HttpDestination, HttpFailure, HttpRequest } from '../../src/ports/http.ts';
import { TestAuthority } from '../../src/bench/remotes/certificates.ts';

export const authority = new TestAuthority();
/** For the names below and the address of loopback. */
export const pair = authority.issue({ names: ['a.test', 'b.test', '127.0.0.1'] });

/** A Dns that knows what it is told, one answer after another. */
export function dnsOf(names: Readonly<Record<string, readonly (readonly string[])[]>>): Dns & { asked: string[] } {
  const asked: string[] = [];
  const turns = new Map<string, number>();
  return {
    asked,
    resolveSrv: async () => ({ records: [], ttlMs: 0, failed: false }),
    resolveAddresses: async (name) => {
      asked.push(name);
      const turn = turns.get(name) ?? 0;
      turns.set(name, turn + 1);
      return { records: names[name]?.[turn] ?? names[name]?.at(-1) ?? [], ttlMs: 0, failed: false };
    },
  };
}

/** A gate that knows two names, trusts the authority, and reaches no private address by itself. */
export function openGate(options: Partial<HttpOptions> = {}): Http {
  const http = createHttp({
    clock: systemClock,
    dns: dnsOf({}),
    hosts: { 'a.test': '127.0.0.1', 'B.test': '127.0.0.1' },
    denyRanges: ['127.0.0.0/8', '10.0.0.0/8'],
    extraCa: [authority.certificate],
    proxy: null,
    userAgent: 'Postern/test',
    ...options,
  });
  after(() => http.close());
  return http;
}

type Change = Partial<HttpRequest> & { readonly to?: Partial<HttpDestination> };

/** A request to the place of `a.test` at a port. */
export function get(port: number, { to, ...change }: Change = {}): HttpRequest {
  return {
    destination: {
      scheme: 'https',
      targets: [{ host: 'a.test', port }],
      order: 'race',
      certificateName: 'a.test',
      host: 'a.test',
      ...to,
    },
    method: 'GET',
    path: '/',
    bytesMax: 1_000,
    timeoutMs: 20_000,
    ...change,
  };
}

/** Waits for a failure of this kind. */
export async function fails(result: Promise<unknown>, kind: HttpFailure, temporary = true): Promise<void> {
  await assert.rejects(result, (error) => {
    assert.ok(error instanceof OperationError);
    assert.deepEqual([error.kind, error.temporary], [kind, temporary], error.cause as Error);
    return true;
  });
}

/** The body of a request as text. */
export async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
