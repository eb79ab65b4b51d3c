/** Requests that come over WebRTC: each goes through the server's own HTTP in this process, without a socket. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { type DirectGuest, type DirectPort, openDirectPort } from '../../adapters/webrtc/index.ts';
import type { DirectCertificate } from '../../adapters/webrtc/index.ts';
import { type Handle, serveStreams } from '../../http/kit/listener.ts';
import { bindingText, formatFingerprint } from '../../matrix/routes/direct.ts';
import type { MuxStream } from '../../matrix/routes/mux.ts';
import { parseJson } from '../../matrix/json-parse.ts';
import { asObject, getString } from '../../matrix/json.ts';
import type { Services } from '../../server/services.ts';
import type { Config } from '../config/schema.ts';

export interface DirectDoor {
  readonly services: Services;
  readonly place: NonNullable<Config['routes']['webRtc']>;
  readonly certificate: DirectCertificate;
  /** What clients are served. */
  readonly handle: Handle;
}

const PADDING_MAX = 512;
const HEAD_BYTES_MAX = 16_384;

/** Opens the port, and keeps its secrets those of the services. */
export async function openDirectDoor({ services, place, certificate, handle }: DirectDoor): Promise<DirectPort> {
  const { clock, log, random, serverName } = services.context;
  const serverFingerprint = formatFingerprint(certificate.fingerprint);
  const serve = serveStreams(handle);
  const port = openDirectPort({
    ...place,
    ...certificate,
    clock,
    log: log.child('webrtc'),
    binding: ({ clientFingerprint }) =>
      JSON.stringify(services.routes.sign(bindingText({ serverName, clientFingerprint, serverFingerprint }))),
    padding: () => random.bytes(random.integer(PADDING_MAX)),
    onStream: (stream, head, guest) => answer(stream, { head, guest, serve }),
  });
  const renew = async (): Promise<void> => port.setSecrets(await services.routes.secrets());
  services.routes.onChanged(() => void renew());
  await renew();
  return port;
}

interface Request {
  readonly head: string;
  readonly guest: DirectGuest;
  readonly serve: (stream: Duplex) => void;
}

/** `{"method": …, "path": …, "headers": {…}}` */
function readHead(text: string) {
  if (text.length > HEAD_BYTES_MAX) return undefined;
  try {
    const json = asObject(parseJson(text));
    const method = getString(json, 'method');
    const path = getString(json, 'path');
    if (method === undefined || path === undefined) return undefined;
    if (!/^[A-Z]{1,10}$/.test(method) || !/^\/[!-~]*$/.test(path)) return undefined;
    const headers: Record<string, string> = {};
    for (const [name, value] of Object.entries(asObject(json?.['headers']) ?? {})) {
      if (typeof value !== 'string' || !FORWARDED.has(name)) continue;
      if (/^[\t -~]*$/.test(value)) headers[name] = value;
    }
    return { method, path, headers };
  } catch {
    return undefined;
  }
}

/** Headers of a request that mean something to the API. */
const FORWARDED: ReadonlySet<string> = new Set([
  'authorization',
  'content-type',
  'accept',
  'accept-language',
  'range',
  'if-none-match',
]);

function answer(stream: MuxStream, { head, guest, serve }: Request): void {
  const wanted = readHead(head);
  if (wanted === undefined) return stream.reset();
  const [near, far] = duplexPair();
  // Takes the place of an address, for rate limits.
  Object.defineProperty(far, 'remoteAddress', { value: guest.address });
  serve(far);
  const outgoing = httpRequest({
    ...wanted,
    host: 'direct.invalid',
    headers: { ...wanted.headers, connection: 'close' },
    createConnection: () => near,
  });
  stream.onBody = (bytes) => void outgoing.write(bytes, () => stream.used(bytes.length));
  stream.onEnd = () => void outgoing.end();
  stream.onReset = () => {
    outgoing.destroy();
    far.destroy();
  };
  outgoing.on('error', () => stream.reset());
  outgoing.on('response', (response) => void send(stream, response, response).catch(() => stream.reset()));
}

async function send(stream: MuxStream, response: IncomingMessage, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  stream.head(JSON.stringify({ status: response.statusCode ?? 502, headers: response.headers }));
  for await (const chunk of chunks) {
    if (!(await stream.body(chunk))) return void response.destroy();
  }
  stream.end();
}
