/** Questions to a process of the lab, each with a number, and their answers. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';

interface Waiting<Answer> {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** A question that a process of the lab could not answer. */
export class LabError extends Error {
  readonly code: string;

  constructor(message: string, code = '') {
    super(message);
    this.name = 'LabError';
    this.code = code;
  }
}

export class Calls<Command, Answer> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting<Answer>>();
  #next = 0;
  #isOver = false;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.once('exit', () => {
      this.#isOver = true;
      for (const { reject } of this.#waiting.values()) reject(new LabError('the process has ended'));
      this.#waiting.clear();
    });
  }

  ask(command: Command): Promise<Answer> {
    if (this.#isOver) return Promise.reject(new LabError('the process has ended'));
    this.#next += 1;
    const id = this.#next;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, command });
    });
  }

  answer(id: number, answer: Answer): void {
    this.#waiting.get(id)?.resolve(answer);
    this.#waiting.delete(id);
  }

  fail(id: number, error: Error): void {
    this.#waiting.get(id)?.reject(error);
    this.#waiting.delete(id);
  }
}

/** Ends processes at once, and waits for it. */
export async function endAll(children: Iterable<ChildProcess>): Promise<void> {
  const ends = [...children].map(async (child) => {
    const end = once(child, 'exit');
    child.kill('SIGKILL');
    await end;
  });
  await Promise.all(ends);
}

/** Waits for the first message of a process; rejects where it ends before. */
export async function firstMessage(child: ChildProcess, what: string): Promise<void> {
  const over = new AbortController();
  const { signal } = over;
  const ended = once(child, 'exit', { signal }).then(([code]) => {
    throw new LabError(`${what} ended with ${String(code)} before it was ready`);
  });
  try {
    await Promise.race([once(child, 'message', { signal }), ended]);
  } finally {
    over.abort();
    ended.catch(() => undefined);
  }
}
