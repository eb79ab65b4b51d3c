/** Metrics of which only what can be looked at in the process is kept. */
import type { Metrics } from '../../../src/ports/metrics.ts';

export class QuietMetrics implements Metrics {
  readonly #gauges = new Map<string, () => number>();

  counter(): ReturnType<Metrics['counter']> {
    return { add: () => undefined };
  }

  histogram(): ReturnType<Metrics['histogram']> {
    return { observe: () => undefined };
  }

  gauge(name: string, _help: string, read: () => number): void {
    this.#gauges.set(name, read);
  }

  render(): Promise<string> {
    return Promise.resolve('');
  }

  /** What a gauge says now; 0 where there is none of this name. */
  read(name: string): number {
    return this.#gauges.get(name)?.() ?? 0;
  }
}
