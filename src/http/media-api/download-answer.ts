import type { Download } from '../../server/media/index.ts';
import { BytesAnswer } from '../kit/answer.ts';

/** A download as an answer that streams. */
export function downloadAnswer({ stream, headers }: Download): BytesAnswer {
  return new BytesAnswer(stream, headers);
}
