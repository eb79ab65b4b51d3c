/** DNS over HTTPS (RFC 8484), for devices whose resolver cannot be told of the private zone in another way. */
import { decodeBase64Url } from '../../lib/base64.ts';
import { getDnsAnswer } from '../../matrix/api/postern/getDnsAnswer.ts';
import { postDnsAnswer } from '../../matrix/api/postern/postDnsAnswer.ts';
import { MatrixError } from '../../matrix/errors.ts';
import type { Caller } from '../../server/accounts/index.ts';
import { BytesAnswer } from '../kit/answer.ts';
import { type RequestFacts, type Route, route } from '../kit/route.ts';

/** Answers a message; `undefined` where it is none. */
export type AnswerDns = (
  message: Uint8Array,
) => { readonly message: Uint8Array; readonly freshSeconds: number } | undefined;

const TYPE = 'application/dns-message';
/** No question is as long: a name, an OPT, some options. */
const MESSAGE_BYTES_MAX = 4_096;

/** The routes, bound to what answers. */
export function dnsRoutes(answer: AnswerDns): Route<Caller>[] {
  return [
    route(getDnsAnswer, async ({ query }) => answerTo(readParameter(query.dns), answer), { limit: 'read' }),
    route(postDnsAnswer, async ({ request }) => answerTo(await readBody(request), answer), {
      limit: 'read',
      rawBody: true,
    }),
  ];
}

/** RFC 8484 §6: "Padding characters for base64url MUST NOT be included." */
function readParameter(text: string | undefined): Uint8Array {
  if (text === undefined) throw new MatrixError('M_MISSING_PARAM', 'The parameter dns is missing');
  const message = text.includes('=') ? undefined : decodeBase64Url(text);
  if (message === undefined) throw new MatrixError('M_INVALID_PARAM', 'The parameter dns is no base64url');
  if (message.length > MESSAGE_BYTES_MAX) throw tooLarge();
  return message;
}

async function readBody({ bytes, contentType, contentLength }: RequestFacts): Promise<Uint8Array> {
  // RFC 8484 §4.1: "the DNS query is included as the message body of the HTTP request, and the Content-Type request
  // header field indicates the media type of the message."
  if (contentType?.split(';', 1)[0]?.trim().toLowerCase() !== TYPE) {
    throw new MatrixError('M_UNKNOWN', `The Content-Type must be ${TYPE}`, { status: 415 });
  }
  if ((contentLength ?? 0) > MESSAGE_BYTES_MAX) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of bytes) {
    size += chunk.length;
    if (size > MESSAGE_BYTES_MAX) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function answerTo(question: Uint8Array, answer: AnswerDns): BytesAnswer {
  const found = answer(question);
  if (found === undefined) throw new MatrixError('M_INVALID_PARAM', 'This is no DNS query');
  const { message, freshSeconds } = found;
  // RFC 8484 §5.1: "The assigned freshness lifetime of a DoH HTTP response MUST be less than or equal to the smallest
  // TTL in the Answer section of the DNS response."
  const cacheControl = freshSeconds === 0 ? 'no-store' : `max-age=${freshSeconds}`;
  return new BytesAnswer(message, {
    'Content-Type': TYPE,
    'Content-Length': String(message.length),
    'Cache-Control': cacheControl,
  });
}

function tooLarge(): MatrixError {
  return new MatrixError('M_TOO_LARGE', 'The DNS message is too large');
}
