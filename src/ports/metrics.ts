/** Counters and histograms with low-cardinality labels. */
export interface Metrics {
  counter(name: string, help: string, labels?: readonly string[]): Counter;
  histogram(name: string, help: string, buckets: readonly number[], labels?: readonly string[]): Histogram;
  /** `read` is asked when somebody looks. */
  gauge(name: string, help: string, read: () => number): void;
  /** The Prometheus text exposition of everything registered. */
  render(): Promise<string>;
}

export interface Counter {
  add(amount: number, ...labels: string[]): void;
}

export interface Histogram {
  observe(value: number, ...labels: string[]): void;
}
