/** Questions and answers of DNS inside datagrams. Pure. */
import { type Answer, AUTHORITATIVE_ANSWER, decode, encode, type DecodedPacket, type RecordType } from 'dns-packet';

export interface DnsQuestion {
  readonly id: number;
  /** Lower-case, without a dot at its end. */
  readonly name: string;
  readonly type: RecordType;
  readonly isAnswer: boolean;
}

/** Reads the question of a message; `undefined` when it is none, or holds more than one. */
export function readQuestion(payload: Uint8Array): DnsQuestion | undefined {
  const message = decodeDns(payload);
  const [question, second] = message?.questions ?? [];
  if (message === undefined || question === undefined || second !== undefined) return undefined;
  return {
    id: message.id ?? 0,
    name: plainName(question.name),
    type: question.type,
    isAnswer: message.type === 'response',
  };
}

/** The addresses that an answer gives, each with the name that has it. */
export function readAddresses(payload: Uint8Array): { readonly name: string; readonly address: string }[] {
  const message = decodeDns(payload);
  if (message?.type !== 'response') return [];
  return (message.answers ?? []).flatMap((answer) =>
    answer.type === 'A' || answer.type === 'AAAA' ? [{ name: plainName(answer.name), address: answer.data }] : [],
  );
}

/** A question for the IPv4 addresses of a name. */
export function writeQuestion(name: string): Uint8Array {
  return encode({ type: 'query', id: 1, flags: 0x100, questions: [{ name, type: 'A', class: 'IN' }] });
}

/** An answer with addresses of the asked type, or with none. */
export function writeAnswer(
  question: Pick<DnsQuestion, 'id' | 'name' | 'type'>,
  options: { readonly addresses: readonly string[]; readonly ttlSeconds: number; readonly isAuthoritative: boolean },
): Uint8Array {
  const { name } = question;
  const type = question.type === 'AAAA' ? 'AAAA' : 'A';
  const wanted = options.addresses.filter((address) => address.includes(':') === (type === 'AAAA'));
  const answers: Answer[] = wanted.map((data) => ({ type, name, data, ttl: options.ttlSeconds, class: 'IN' }));
  return encode({
    type: 'response',
    id: question.id,
    flags: 0x180 | (options.isAuthoritative ? AUTHORITATIVE_ANSWER : 0),
    questions: [{ type, name, class: 'IN' }],
    answers: question.type === 'A' || question.type === 'AAAA' ? answers : [],
  });
}

/** Decodes a message; `undefined` for bytes that are none. */
export function decodeDns(payload: Uint8Array): DecodedPacket | undefined {
  if (payload.length < 12) return undefined;
  try {
    return decode(Buffer.from(payload.buffer, payload.byteOffset, payload.length));
  } catch {
    return undefined;
  }
}

function plainName(name: string): string {
  return name.toLowerCase().replace(/\.$/, '');
}
