/** The engine over a MessagePort: commands as request and answer, topics as a stream of values. */
import { ServerError } from '../api/errors.ts';
import { OperationError } from '../../matrix/errors.ts';
import type { Commands, Engine, TopicName } from './contract.ts';

export interface Port {
  postMessage(message: unknown, transfer?: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}

/** An error as it crosses the port: what a page needs to choose its words. */
export interface RemoteFailure {
  readonly code: string;
  readonly status?: number;
  readonly message: string;
}

type Request =
  | { readonly kind: 'call'; readonly id: number; readonly name: keyof Commands; readonly values: readonly unknown[] }
  | { readonly kind: 'watch'; readonly id: number; readonly topic: TopicName; readonly argument: string | undefined }
  | { readonly kind: 'unwatch'; readonly id: number };

type Answer =
  | { readonly kind: 'result'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number; readonly failure: RemoteFailure }
  | { readonly kind: 'value'; readonly id: number; readonly value: unknown };

function describe(error: unknown): RemoteFailure {
  if (error instanceof ServerError) return { code: error.code, status: error.status, message: error.message };
  if (error instanceof OperationError) return { code: error.kind, message: error.message };
  return { code: 'unknown', message: error instanceof Error ? error.message : String(error) };
}

/** Bytes are handed over, not copied. */
function transferable(value: unknown): Transferable[] {
  return value instanceof Uint8Array && value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
}

async function call(engine: Engine, name: keyof Commands, values: readonly unknown[]): Promise<unknown> {
  const command = Object.hasOwn(engine.commands, name) ? engine.commands[name] : undefined;
  if (command === undefined) throw new OperationError('no-such-command', { temporary: false });
  return (command as (...all: readonly unknown[]) => Promise<unknown>)(...values);
}

/** Serves one page; the returned function ends all its subscriptions. */
export function servePort(engine: Engine, port: Port): () => void {
  const watches = new Map<number, () => void>();
  const answer = (message: Answer, transfer: Transferable[] = []) => port.postMessage(message, transfer);
  port.onmessage = ({ data }) => {
    const request = data as Request;
    const { id } = request;
    if (request.kind === 'call') {
      call(engine, request.name, request.values).then(
        (value) => answer({ kind: 'result', id, value }, transferable(value)),
        (error: unknown) => answer({ kind: 'failure', id, failure: describe(error) }),
      );
    } else if (request.kind === 'watch') {
      const listener = (value: unknown) => answer({ kind: 'value', id, value });
      watches.set(id, engine.watch(request.topic, request.argument as never, listener));
    } else {
      watches.get(id)?.();
      watches.delete(id);
    }
  };
  return () => {
    for (const unwatch of watches.values()) unwatch();
    watches.clear();
  };
}

/** A failed command, on the page's side of the port. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: string;
  readonly status: number | undefined;

  constructor(failure: RemoteFailure) {
    super(failure.message);
    this.code = failure.code;
    this.status = failure.status;
  }
}

/** The engine as a page sees it. */
export function connectPort(port: Port): Engine {
  const calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  const watches = new Map<number, (value: unknown) => void>();
  let lastId = 0;
  port.onmessage = ({ data }) => {
    const answer = data as Answer;
    if (answer.kind === 'value') {
      watches.get(answer.id)?.(answer.value);
      return;
    }
    const waiting = calls.get(answer.id);
    calls.delete(answer.id);
    if (answer.kind === 'result') waiting?.resolve(answer.value);
    else waiting?.reject(new CommandError(answer.failure));
  };
  const commands = new Proxy({} as Commands, {
    get: (_, name) => {
      return (...values: unknown[]) =>
        new Promise((resolve, reject) => {
          lastId += 1;
          calls.set(lastId, { resolve, reject });
          port.postMessage({ kind: 'call', id: lastId, name, values });
        });
    },
  });
  return {
    commands,
    watch(topic, argument, listener) {
      lastId += 1;
      const id = lastId;
      watches.set(id, listener as (value: unknown) => void);
      port.postMessage({ kind: 'watch', id, topic, argument });
      return () => {
        watches.delete(id);
        port.postMessage({ kind: 'unwatch', id });
      };
    },
  };
}
