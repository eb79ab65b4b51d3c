/**
 * The process of the WebRTC port, apart from the server: what the library below cannot survive ends this process, not
 * the server. It passes messages of open channels to its parent and knows nothing of what is in them.
 */
import { type DataChannel, IceUdpMuxListener, PeerConnection } from 'node-datachannel';
import { Admission } from './admission.ts';
import type { DirectStart, FromChild, ToChild } from './messages.ts';

/** From the first packet to an open channel. */
const OPEN_WITHIN_MS = 20_000;
const MESSAGE_BYTES_MAX = 16_389;
/** What may wait to be sent: the windows of all streams, and some more. */
const BUFFERED_MAX = 33_554_432;

interface Connection {
  readonly id: number;
  readonly peer: PeerConnection;
  channel: DataChannel | undefined;
}

function tell(message: FromChild): void {
  process.send?.(message);
}

/** The offer that the browser has made, as far as it is known: who it is ICE and the admission have found out. */
function offerOf(ufrag: string, password: string, address: string, port: number): string {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  return [
    'v=0',
    `o=- 0 0 IN ${family} ${address}`,
    's=-',
    `c=IN ${family} ${address}`,
    't=0 0',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
    'a=mid:0',
    'a=setup:active',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${Array.from({ length: 32 }, () => '00').join(':')}`,
    'a=sctp-port:5000',
    `a=max-message-size:${MESSAGE_BYTES_MAX}`,
    `a=candidate:1 1 UDP 2113937151 ${address} ${port} typ host`,
    'a=end-of-candidates',
    '',
  ].join('\r\n');
}

class DirectPort {
  readonly #start: DirectStart;
  readonly #admission: Admission;
  readonly #connections = new Map<number, Connection>();
  readonly #listener: IceUdpMuxListener;
  #lastId = 0;

  constructor(start: DirectStart, admission: Admission) {
    this.#start = start;
    this.#admission = admission;
    this.#listener = new IceUdpMuxListener(start.port, start.address);
    this.#listener.onUnhandledStunRequest(({ localUfrag, ufrag, host, port }) => {
      // Both sides go by the same fragment.
      const password = localUfrag === ufrag ? this.#admission.admit(ufrag, host) : undefined;
      if (password !== undefined) this.#answer({ ufrag, password, address: host, port });
    });
  }

  #answer(guest: { ufrag: string; password: string; address: string; port: number }): void {
    const { ufrag, password, address, port } = guest;
    this.#lastId += 1;
    const id = this.#lastId;
    const peer = new PeerConnection(`direct-${id}`, {
      iceServers: [],
      certificatePemFile: this.#start.certificateFile,
      keyPemFile: this.#start.keyFile,
      bindAddress: this.#start.address,
      portRangeBegin: this.#start.port,
      portRangeEnd: this.#start.port,
      enableIceUdpMux: true,
      disableAutoNegotiation: true,
      disableFingerprintVerification: true,
      maxMessageSize: MESSAGE_BYTES_MAX,
    });
    const connection: Connection = { id, peer, channel: undefined };
    this.#connections.set(id, connection);
    const end = (): void => {
      clearTimeout(timer);
      if (!this.#connections.delete(id)) return;
      this.#admission.closed(ufrag);
      tell({ kind: 'closed', id });
      peer.close();
    };
    const timer = setTimeout(end, OPEN_WITHIN_MS);
    peer.onStateChange((state) => {
      if (state === 'disconnected' || state === 'failed' || state === 'closed') end();
    });
    peer.onDataChannel((channel) => {
      if (connection.channel !== undefined) return channel.close();
      connection.channel = channel;
      channel.onClosed(end);
      const opened = (): void => {
        clearTimeout(timer);
        this.#admission.opened(ufrag);
        tell({ kind: 'opened', id, address, clientFingerprint: peer.remoteFingerprint().value });
        channel.onMessage((message) => {
          if (typeof message === 'string') end();
          else tell({ kind: 'message', id, bytes: new Uint8Array(message) });
        });
      };
      // What is sent before it is open is lost.
      if (channel.isOpen()) opened();
      else channel.onOpen(opened);
    });
    peer.setRemoteDescription(offerOf(ufrag, password, address, port), 'offer');
    peer.setLocalDescription('answer', { iceUfrag: ufrag, icePwd: password });
  }

  send(id: number, bytes: Uint8Array): void {
    const channel = this.#connections.get(id)?.channel;
    if (channel === undefined || !channel.isOpen()) return;
    if (channel.bufferedAmount() > BUFFERED_MAX) this.close(id);
    else channel.sendMessageBinary(bytes);
  }

  close(id: number): void {
    this.#connections.get(id)?.peer.close();
  }
}

const admission = new Admission(() => performance.now());
let port: DirectPort | undefined;

process.on('message', (message: ToChild) => {
  if (message.kind === 'secrets') admission.setSecrets(message.secrets);
  else if (message.kind === 'send') port?.send(message.id, message.bytes);
  else if (message.kind === 'close') port?.close(message.id);
  else {
    port = new DirectPort(message, admission);
    tell({ kind: 'listening' });
  }
});
// A parent that is gone is served by nobody.
process.on('disconnect', () => process.exit(0));
