/**
 * The network between simulated servers. A request is carried as bytes, takes its time each way, and gets lost where
 * the world says so; whoever asked hears what the real adapter would tell.
 */
import { failure } from '../../../src/adapters/http/failure.ts';
import { concatBytes } from '../../../src/lib/bytes.ts';
import type { Http, HttpAnswer, HttpFailure, HttpRequest, HttpStream } from '../../../src/ports/http.ts';
import type { PlainAnswer, PlainRequest } from './exchange.ts';
import type { Power } from './power.ts';
import type { Scheduler } from './scheduler.ts';

/** A server as the wire sees it. */
export interface Station {
  readonly name: string;
  readonly power: Power | undefined;
  /** Answers a request; never where the run ends meanwhile. */
  answer(request: PlainRequest): Promise<PlainAnswer | undefined>;
}

/** What becomes of one exchange. */
export interface Journey {
  /** Neither of these: the request or its answer arrives, after this long. */
  readonly goMs: number;
  readonly backMs: number;
  readonly isLost: boolean;
  readonly isAnswerLost: boolean;
  /** Whether whoever waits for what is lost hears of a broken connection, or nothing until time runs out. */
  readonly isReset: boolean;
  /** What becomes of an answer that the one who asks gets. */
  readonly mangled: 'emptied' | 'cut' | undefined;
  /** The request comes once more, so much later. */
  readonly againMs: number | undefined;
}

export interface WirePlan {
  /** Called once for each request. */
  decide(from: string, to: string, request: PlainRequest): Journey;
  /** Whether the two reach each other now. */
  isOpen(from: string, to: string): boolean;
  /** What is answered in place of the server, which then hears nothing; for canaries. */
  insteadOf(to: string, request: PlainRequest): PlainAnswer | undefined;
}

/** "connecting takes 10 s at most" */
const CONNECT_MS = 10_000;
/** What it takes to hear that nobody is there. */
const REFUSED_MS = 20;

export class Wire {
  readonly #scheduler: Scheduler;
  readonly #plan: WirePlan;
  readonly #stations: ReadonlyMap<string, Station>;

  /** Stations by the name of their host. */
  constructor(scheduler: Scheduler, plan: WirePlan, stations: ReadonlyMap<string, Station>) {
    this.#scheduler = scheduler;
    this.#plan = plan;
    this.#stations = stations;
  }

  /** The Http port of one run of a server. */
  portOf(from: Station, power: Power): Http {
    const stream = (request: HttpRequest): Promise<HttpStream> => this.#stream(from, power, request);
    return {
      stream,
      request: async (request) => await wholeAnswer(await stream(request)),
      close: () => Promise.resolve(),
    };
  }

  #stream(from: Station, power: Power, request: HttpRequest): Promise<HttpStream> {
    return new Promise((resolve, reject) => {
      let isSettled = false;
      const settle = (how: () => void): void => {
        if (isSettled || !power.isOn) return;
        isSettled = true;
        limit.cancel();
        how();
      };
      const fail = (kind: HttpFailure, afterMs: number): void => {
        power.schedule(afterMs, () => settle(() => reject(failure(kind))));
      };
      const limit = power.schedule(request.timeoutMs, () => settle(() => reject(failure('timed out'))));
      const cancelled = (): void => settle(() => reject(failure('cancelled')));
      if (request.signal?.aborted === true) cancelled();
      request.signal?.addEventListener('abort', cancelled, { once: true });
      this.#carry(from, request, {
        onAnswer: (answer) => settle(() => resolve(streamOf(answer, request.bytesMax))),
        onFailure: fail,
      });
    });
  }

  #carry(from: Station, request: HttpRequest, ends: Ends): void {
    const [target] = request.destination.targets;
    const to = this.#stations.get(target !== undefined && 'host' in target ? target.host : '');
    if (to === undefined) {
      ends.onFailure('name not found', REFUSED_MS);
      return;
    }
    const plain = plainOf(request);
    const journey = this.#plan.decide(from.name, to.name, plain);
    const lose = (): void => {
      if (journey.isReset) ends.onFailure('no connection', REFUSED_MS);
    };
    if (!this.#plan.isOpen(from.name, to.name)) {
      ends.onFailure(journey.isReset ? 'no connection' : 'timed out', journey.isReset ? REFUSED_MS : CONNECT_MS);
      return;
    }
    if (journey.isLost) lose();
    else this.#scheduler.schedule(journey.goMs, () => this.#arrive({ from, to, plain, journey, ends, lose }));
    const { againMs } = journey;
    if (againMs !== undefined) this.#scheduler.schedule(againMs, () => void this.#deliver(from, to, plain));
  }

  #arrive({ from, to, plain, journey, ends, lose }: Arrival): void {
    const { power } = to;
    if (power?.isOn !== true || !this.#plan.isOpen(from.name, to.name)) {
      ends.onFailure('no connection', REFUSED_MS);
      return;
    }
    power.onCut(lose);
    void this.#deliver(from, to, plain).then((answer) => {
      if (answer === undefined || journey.isAnswerLost || !this.#plan.isOpen(from.name, to.name)) lose();
      else this.#scheduler.schedule(journey.backMs, () => ends.onAnswer(mangle(answer, journey.mangled)));
    });
  }

  async #deliver(from: Station, to: Station, plain: PlainRequest): Promise<PlainAnswer | undefined> {
    if (to.power?.isOn !== true || !this.#plan.isOpen(from.name, to.name)) return undefined;
    return this.#plan.insteadOf(to.name, plain) ?? (await to.answer(plain));
  }
}

interface Ends {
  onAnswer(answer: PlainAnswer): void;
  onFailure(kind: HttpFailure, afterMs: number): void;
}

interface Arrival {
  readonly from: Station;
  readonly to: Station;
  readonly plain: PlainRequest;
  readonly journey: Journey;
  readonly ends: Ends;
  readonly lose: () => void;
}

function plainOf({ method, path, headers = {}, body, destination }: HttpRequest): PlainRequest {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  return { method, target: path, headers: { ...headers, Host: destination.host }, body: bytes };
}

/** An answer as a server gives it that does not keep to what is agreed. */
function mangle(answer: PlainAnswer, how: Journey['mangled']): PlainAnswer {
  if (how === undefined) return answer;
  return { ...answer, bytes: how === 'emptied' ? Buffer.from('{}') : answer.bytes.subarray(0, -1) };
}

/** The answer in two pieces, cut where nobody would. */
function streamOf({ status, headers, bytes }: PlainAnswer, bytesMax: number): HttpStream {
  return { status, headers, body: pieces(bytes, bytesMax), cancel: () => undefined };
}

async function* pieces(bytes: Uint8Array, bytesMax: number): AsyncGenerator<Uint8Array, void, undefined> {
  const middle = bytes.length >> 1;
  if (middle > bytesMax) throw failure('answer too large');
  if (middle > 0) yield bytes.subarray(0, middle);
  if (bytes.length > bytesMax) throw failure('answer too large');
  yield bytes.subarray(middle);
}

async function wholeAnswer({ status, headers, body }: HttpStream): Promise<HttpAnswer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return { status, headers, bytes: concatBytes(chunks) };
}
