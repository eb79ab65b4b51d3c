/** Asks a resolver for a name, and waits for every answer: where somebody answers falsely there are several. */
import { createSocket } from 'node:dgram';
import { isIP } from 'node:net';
import { decode, encode } from 'dns-packet';

export interface AskOptions {
  readonly type: 'A' | 'AAAA';
  /** Of the question; whoever does not see it must guess. */
  readonly id: number;
  /** How long the first answer is waited for, and after it another one. */
  readonly timeoutMs: number;
  readonly moreMs: number;
}

const ANSWERS_MAX = 8;

/** The addresses of each answer that came, in their order; an answer without addresses is an empty list. */
export function askForAddresses(
  server: { readonly host: string; readonly port: number },
  name: string,
  { type, id, timeoutMs, moreMs }: AskOptions,
): Promise<string[][]> {
  return new Promise((resolve) => {
    const answers: string[][] = [];
    const socket = createSocket(isIP(server.host) === 6 ? 'udp6' : 'udp4');
    const end = (): void => {
      clearTimeout(timer);
      socket.close();
      resolve(answers);
    };
    let timer = setTimeout(end, timeoutMs);
    socket.on('error', end);
    socket.on('message', (message) => {
      const addresses = readAddresses(message, id);
      if (addresses === undefined || answers.push(addresses) > 1) return;
      clearTimeout(timer);
      timer = setTimeout(end, moreMs);
    });
    socket.on('message', () => {
      if (answers.length < ANSWERS_MAX) return;
      socket.removeAllListeners('message');
    });
    // Connected: answers of other senders are not delivered.
    socket.connect(server.port, server.host, () => socket.send(questionFor(name, type, id)));
  });
}

/** A question as it travels. */
export function questionFor(name: string, type: 'A' | 'AAAA', id: number): Uint8Array {
  return encode({ type: 'query', id, flags: 0x0100, questions: [{ type, name, class: 'IN' }] });
}

/** The addresses of an answer to the question of this id; `undefined` where it is none. */
export function readAddresses(message: Uint8Array, id: number): string[] | undefined {
  try {
    const packet = decode(Buffer.from(message));
    if (packet.type !== 'response' || packet.id !== id) return undefined;
    return (packet.answers ?? []).flatMap((one) => (one.type === 'A' || one.type === 'AAAA' ? [one.data] : []));
  } catch {
    return undefined;
  }
}
