/** A value that is computed when somebody watches it, and computed anew, once, after changes. */
export class Feed<V> {
  readonly #compute: () => Promise<V>;
  readonly #listeners = new Set<(value: V) => void>();
  #isRunning = false;
  #isStale = false;

  constructor(compute: () => Promise<V>) {
    this.#compute = compute;
  }

  get isWatched(): boolean {
    return this.#listeners.size > 0;
  }

  watch(listener: (value: V) => void): () => void {
    this.#listeners.add(listener);
    this.changed();
    return () => this.#listeners.delete(listener);
  }

  /** What the value is made of has changed. Changes that come while it is computed are folded into one more run. */
  changed(): void {
    this.#isStale = true;
    if (!this.#isRunning && this.isWatched) void this.#run();
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    try {
      while (this.#isStale && this.isWatched) {
        this.#isStale = false;
        const value = await this.#compute();
        for (const listener of this.#listeners) listener(value);
      }
    } catch {
      // The store is closing: the next change tries again.
    } finally {
      this.#isRunning = false;
    }
  }
}

/** Feeds by an argument, made when first watched. */
export class FeedMap<V> {
  readonly #feeds = new Map<string, Feed<V>>();
  readonly #create: (argument: string) => Feed<V>;

  constructor(create: (argument: string) => Feed<V>) {
    this.#create = create;
  }

  get(argument: string): Feed<V> {
    const known = this.#feeds.get(argument);
    if (known !== undefined) return known;
    const feed = this.#create(argument);
    this.#feeds.set(argument, feed);
    return feed;
  }

  changed(argument: string): void {
    this.#feeds.get(argument)?.changed();
  }

  watched(): string[] {
    return [...this.#feeds].filter(([, feed]) => feed.isWatched).map(([argument]) => argument);
  }
}
