/** Runs tasks one after another, each after the one before has ended, however it ended. */
export class SerialQueue {
  #tail: Promise<unknown> = Promise.resolve();
  #length = 0;

  /** Tasks that run or wait. */
  get length(): number {
    return this.#length;
  }

  /** Queues `task`; the promise is the task's own. */
  run<T>(task: () => Promise<T> | T): Promise<T> {
    this.#length += 1;
    const result = this.#tail.then(task);
    this.#tail = result.then(
      () => this.#done(),
      () => this.#done(),
    );
    return result;
  }

  #done(): void {
    this.#length -= 1;
  }
}

/** A serial queue per key; a key without tasks takes no memory. */
export class KeyedQueue<Key> {
  readonly #queues = new Map<Key, SerialQueue>();

  run<T>(key: Key, task: () => Promise<T> | T): Promise<T> {
    let queue = this.#queues.get(key);
    if (queue === undefined) this.#queues.set(key, (queue = new SerialQueue()));
    const current = queue;
    return current.run(async () => {
      try {
        return await task();
      } finally {
        // This task still counts, so a length of one means that nobody waits behind it.
        if (current.length === 1) this.#queues.delete(key);
      }
    });
  }
}
