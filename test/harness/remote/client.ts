/** Signed requests of a scripted server to others. */
import { randomUUID } from 'node:crypto';
import { canonicalJson } from '../../../src/matrix/canonical-json.ts';
import type { JsonObject, JsonValue } from '../../../src/matrix/json.ts';
import { parsePduJson } from '../../../src/matrix/json-parse.ts';
import type { Signer } from '../../../src/rules/signatures/sign.ts';
import { Answer } from '../answer.ts';
import type { NameTable } from './names.ts';
import { exchange } from './transport.ts';
import { authorizationOf } from './x-matrix.ts';

export interface SignedRequest {
  readonly destination: string;
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** Path and query. */
  readonly uri: string;
  readonly body?: JsonValue;
  /** Sent in place of the body, which is signed all the same. */
  readonly bytes?: Uint8Array;
  /** In place of the true one; '' sends none. */
  readonly authorization?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export class RemoteClient {
  readonly #names: NameTable;
  readonly #signer: () => Signer;

  constructor(names: NameTable, signer: () => Signer) {
    this.#names = names;
    this.#signer = signer;
  }

  /** Sends a request, signed, and reads the answer whatever it is. */
  async request(request: SignedRequest): Promise<Answer> {
    const { destination, method, uri, body } = request;
    const place = this.#names.find(destination);
    if (place === undefined) throw new Error(`nobody knows where ${destination} is`);
    const signer = this.#signer();
    const facts = { method, uri, origin: signer.entity, destination, content: body };
    const authorization = request.authorization ?? authorizationOf(facts, signer);
    const text = body === undefined ? undefined : canonicalJson(body, { rawNumbers: true });
    const answer = await exchange({
      place,
      method,
      uri,
      headers: {
        Host: destination,
        ...(authorization !== '' && { Authorization: authorization }),
        ...(text !== undefined && { 'Content-Type': 'application/json' }),
        ...request.headers,
      },
      body: request.bytes ?? (text === undefined ? undefined : Buffer.from(text)),
    });
    const isJson = answer.headers.get('content-type')?.split(';')[0] === 'application/json';
    const parsed = isJson ? parsePduJson(answer.bytes).value : undefined;
    return new Answer({ ...answer, body: parsed, what: `${method} ${destination}${uri}` });
  }

  /** A GET that must succeed. */
  async get(destination: string, uri: string): Promise<Answer> {
    return (await this.request({ destination, method: 'GET', uri })).expect(200);
  }

  async put(destination: string, uri: string, body: JsonValue): Promise<Answer> {
    return (await this.request({ destination, method: 'PUT', uri, body })).expect(200);
  }

  async post(destination: string, uri: string, body: JsonValue): Promise<Answer> {
    return (await this.request({ destination, method: 'POST', uri, body })).expect(200);
  }

  /** Sends a transaction; its answer, which must be a success. */
  async transaction(
    destination: string,
    parts: { readonly pdus?: readonly JsonObject[]; readonly edus?: readonly JsonObject[]; readonly id?: string },
    originServerTs: number,
  ): Promise<Answer> {
    const body: JsonObject = {
      origin: this.#signer().entity,
      origin_server_ts: originServerTs,
      pdus: [...(parts.pdus ?? [])],
      ...(parts.edus !== undefined && { edus: [...parts.edus] }),
    };
    const uri = `/_matrix/federation/v1/send/${encodeURIComponent(parts.id ?? randomUUID())}`;
    return this.put(destination, uri, body);
  }
}
