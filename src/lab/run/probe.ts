/** Mechanism 8: what somebody finds who tries the port that people use, from abroad, without an invitation. */
import type { SayAnswer } from '../network/messages.ts';
import type { ProbeResult } from './results.ts';
import type { Stage } from './stage.ts';

interface Probe {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly tls?: { readonly serverName: string | undefined };
}

const get = (path: string, host: string): Uint8Array =>
  Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);

/** Random bytes, plain HTTP, and TLS without a name and with the true one: what the border is known to send. */
function probesOf(name: string): Probe[] {
  const noise = (length: number): Uint8Array => Uint8Array.from({ length }, (_, index) => (index * 151 + 97) % 256);
  return [
    { name: 'random 1', bytes: noise(1) },
    { name: 'random 49', bytes: noise(49) },
    { name: 'random 221', bytes: noise(221) },
    { name: 'plain GET /', bytes: get('/', name) },
    { name: 'TLS without a name, GET /', bytes: get('/', 'localhost'), tls: { serverName: undefined } },
    { name: 'TLS without a name, GET Matrix', bytes: get(MATRIX, 'localhost'), tls: { serverName: undefined } },
    { name: 'TLS with the name, GET /', bytes: get('/', name), tls: { serverName: name } },
    { name: 'TLS with the name, GET Matrix', bytes: get(MATRIX, name), tls: { serverName: name } },
  ];
}

const MATRIX = '/_matrix/client/versions';
const WAIT_MS = 6_000;

/** Sends each probe once. */
export async function measureProbe(stage: Stage): Promise<ProbeResult> {
  const { naming, origin, name: option } = stage.layout;
  const address = stage.lab.host(naming.host).addressFrom('prober');
  const port = Number(new URL(origin).port || 443);
  const answers = await Promise.all(
    probesOf(naming.name).map(async ({ name, bytes, tls }) => {
      const said = await stage.lab
        .host('prober')
        .say({ address, port, bytes, waitMs: WAIT_MS, ...(tls !== undefined && { tls }) });
      return { probe: name, answer: describeAnswer(said) };
    }),
  );
  return { kind: 'probe', option, grade: gradeProbes(answers.map((one) => one.answer)), answers };
}

/** What a probe got, in a few words. */
export function describeAnswer({ bytes, end }: Pick<SayAnswer, 'bytes' | 'end'>): string {
  const text = Buffer.from(bytes).toString('latin1');
  if (text.includes('"versions"') && text.includes('matrix')) return 'matrix';
  const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
  if (status !== undefined) return `http ${status}`;
  if (bytes[0] === 21) return 'tls alert';
  if (bytes.length > 0) return 'other bytes';
  return end === 'timeout' || end === 'open' ? 'silent' : end;
}

/** Silent when nothing ever answers; a web site when all answers are those of one; else it can be told. */
export function gradeProbes(answers: readonly string[]): ProbeResult['grade'] {
  if (answers.every((answer) => answer === 'silent')) return 'silent';
  const isOrdinary = (answer: string): boolean =>
    answer.startsWith('http ') || ['tls alert', 'tls', 'silent', 'closed'].includes(answer);
  return answers.every(isOrdinary) ? 'web-site' : 'distinguishable';
}
