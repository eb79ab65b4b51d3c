/**
 * WebRTC-direct, the part that only a page can do: a connection to an address and port, pinned to a certificate,
 * without a name, an authority or a signalling server. What goes over it is the engine's business.
 */
import { type DirectPlace, type FromPage } from '../lib/engine.ts';

const MESSAGE_BYTES_MAX = 16_389;

/** The answer that the server would have sent: everything in it is known beforehand. */
function answerFor({ address, port, ufrag, password, fingerprint }: DirectPlace): string {
  const family = address.includes(':') ? 'IP6' : 'IP4';
  return [
    'v=0',
    `o=- 0 0 IN ${family} ${address}`,
    's=-',
    't=0 0',
    'a=ice-lite',
    `m=application ${port} UDP/DTLS/SCTP webrtc-datachannel`,
    `c=IN ${family} ${address}`,
    'a=mid:0',
    'a=setup:passive',
    `a=ice-ufrag:${ufrag}`,
    `a=ice-pwd:${password}`,
    `a=fingerprint:sha-256 ${fingerprint}`,
    'a=sctp-port:5000',
    `a=max-message-size:${MESSAGE_BYTES_MAX}`,
    `a=candidate:1 1 UDP 2113937151 ${address} ${port} typ host`,
    'a=end-of-candidates',
    '',
  ].join('\r\n');
}

/** Our own offer with the fragment and password that the server expects. */
function withCredentials(sdp: string, { ufrag, password }: DirectPlace): string {
  return sdp.replace(/^a=ice-ufrag:.*$/m, `a=ice-ufrag:${ufrag}`).replace(/^a=ice-pwd:.*$/m, `a=ice-pwd:${password}`);
}

async function connect(place: DirectPlace, port: MessagePort): Promise<void> {
  const tell = (message: FromPage, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  const peer = new RTCPeerConnection();
  const close = () => {
    tell({ kind: 'closed' });
    peer.close();
    port.close();
  };
  const channel = peer.createDataChannel('');
  channel.binaryType = 'arraybuffer';
  channel.onclose = close;
  peer.onconnectionstatechange = () => {
    if (peer.connectionState === 'failed' || peer.connectionState === 'closed') close();
  };
  channel.onopen = () => {
    const found = /^a=fingerprint:sha-256 ([0-9A-F:]+)$/im.exec(peer.localDescription?.sdp ?? '');
    tell({ kind: 'opened', clientFingerprint: found?.[1] ?? '' });
  };
  channel.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer) tell({ kind: 'message', bytes: data }, [data]);
    else close();
  };
  port.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (data instanceof ArrayBuffer && channel.readyState === 'open') channel.send(data);
    else if (data === 'close') close();
  };
  try {
    const offer = await peer.createOffer();
    await peer.setLocalDescription({ type: 'offer', sdp: withCredentials(offer.sdp ?? '', place) });
    await peer.setRemoteDescription({ type: 'answer', sdp: answerFor(place) });
  } catch {
    close();
  }
}

/** Opens channels for whoever asks at the port. */
export function helpWithChannels(port: MessagePort): void {
  port.onmessage = ({ data, ports }: MessageEvent<DirectPlace>) => {
    const [channelPort] = ports;
    if (channelPort !== undefined) void connect(data, channelPort);
  };
}
