/**
 * Answers that hold a whole state: of `send_join`, and of `/state`. They are taken in while they arrive, and the other
 * server sends no faster than that.
 */
import { OperationError } from '../../matrix/errors.ts';
import type { ServerName } from '../../matrix/ids.ts';
import { JsonParseError } from '../../matrix/json-parse.ts';
import { JsonStream } from '../../matrix/json-stream.ts';
import type { Peers, PeerRequest } from '../peers/index.ts';
import type { StateIntake } from '../timeline/index.ts';

/** "send_join and state response 500 MiB". */
const BYTES_MAX = 500 * 1024 * 1024;
const TIMEOUT_MS = 300_000;
/** "PDU, canonical, with signatures: 65,536 B". */
const EVENT_BYTES_MAX = 65_536;
/** Events of one list: more than the largest rooms have members. */
const EVENTS_MAX = 1_000_000;
/** The join, and the names of the servers in the room. */
const OTHER_BYTES_MAX = 4 * 1024 * 1024;

export interface StateRequest {
  readonly server: ServerName;
  readonly request: PeerRequest;
  /** The member that holds the state; `auth_chain` holds what it stands on. */
  readonly stateName: 'state' | 'pdus';
}

/**
 * Asks for a state and takes it in; the other members of the answer, as they stand in it. Rejects with an
 * `OperationError`: `bad answer` for what is no such answer.
 */
export async function takeState(
  { server, request, stateName }: StateRequest,
  intake: StateIntake,
  peers: Peers,
): Promise<ReadonlyMap<string, Uint8Array>> {
  const limited = { ...request, bytesMax: BYTES_MAX, timeoutMs: TIMEOUT_MS };
  const { body, cancel } = await peers.requestStream(server, limited);
  const parts = new JsonStream({
    arrays: new Map([
      [stateName, EVENTS_MAX],
      ['auth_chain', EVENTS_MAX],
    ]),
    elementBytesMax: EVENT_BYTES_MAX,
    otherBytesMax: OTHER_BYTES_MAX,
    bytesMax: BYTES_MAX,
  });
  try {
    for await (const chunk of body) {
      for (const { name, element } of parts.push(chunk)) await intake.take([element], name === stateName);
    }
    return parts.finish();
  } catch (error) {
    if (!(error instanceof JsonParseError)) throw error;
    throw new OperationError('bad answer', { temporary: false, server, cause: error });
  } finally {
    cancel();
  }
}
