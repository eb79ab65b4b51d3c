import type { Download } from '../../server/media/index.ts';
import type { Services } from '../../server/services.ts';
import { BytesAnswer } from '../kit/answer.ts';

const BOUNDARY_LENGTH = 32;

/**
 * Media for another server: "a `boundary` … delineating exactly two parts", of which the first "will always be an empty
 * object" of JSON. The boundary is random: nothing that was uploaded before holds it.
 */
export function multipartAnswer({ context }: Services, { stream, headers }: Download): BytesAnswer {
  const boundary = context.random.token(BOUNDARY_LENGTH);
  const told = ['Content-Type', 'Content-Disposition'].map((name) => `${name}: ${headers[name] ?? ''}`);
  const head = [`--${boundary}`, 'Content-Type: application/json', '', '{}', `--${boundary}`, ...told, '', ''].join(
    '\r\n',
  );
  return new BytesAnswer(framed(head, stream, `\r\n--${boundary}--\r\n`), {
    'Content-Type': `multipart/mixed; boundary=${boundary}`,
  });
}

async function* framed(
  head: string,
  stream: AsyncIterable<Uint8Array>,
  end: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const encoder = new TextEncoder();
  yield encoder.encode(head);
  yield* stream;
  yield encoder.encode(end);
}
