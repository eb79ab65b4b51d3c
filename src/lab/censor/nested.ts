/** Mechanism 10: how much the first flights of a TLS connection look like a second TLS inside. Pure. */
import { FlowTable } from '../packet/flows.ts';
import { type Censor, type Crossing, PASS, type Verdict } from './censor.ts';

interface State {
  /** Bytes of each flight, the client's first: a flight ends where the other side begins to speak. */
  readonly flights: number[];
  isClientTurn: boolean;
  isTold: boolean;
}

/** The flights that are looked at: two of the outer handshake, and three in which the inner one would be. */
const FLIGHTS = 5;

/** A hello, a server's certificate, a client's end of the handshake, each inside of records of the outer TLS. */
const SHAPES: readonly (readonly [flight: number, min: number, max: number])[] = [
  [2, 300, 2_400],
  [3, 1_000, 9_000],
  [4, 80, 700],
];

export function nestedCensor(): Censor {
  const flows = new FlowTable<State>(() => ({ flights: [], isClientTurn: false, isTold: false }));
  return {
    inspect({ packet }: Crossing): Verdict {
      const step = flows.take(packet);
      if (step === undefined || packet.payload.length === 0) return PASS;
      const { state, server } = step.flow;
      if (state.isTold || step.flow.opening.bytes[0] !== 22) return PASS;
      if (state.flights.length === 0 || state.isClientTurn !== step.isFromClient) state.flights.push(0);
      state.isClientTurn = step.isFromClient;
      if (state.flights.length <= FLIGHTS) {
        state.flights.push((state.flights.pop() ?? 0) + packet.payload.length);
        return PASS;
      }
      state.isTold = true;
      return { action: 'pass', reason: `nested ${server}`, score: scoreOf(state.flights) };
    },
  };
}

function scoreOf(flights: readonly number[]): number {
  const hits = SHAPES.filter(([at, min, max]) => {
    const bytes = flights[at] ?? 0;
    return bytes >= min && bytes <= max;
  });
  return Math.round((100 * hits.length) / SHAPES.length) / 100;
}
