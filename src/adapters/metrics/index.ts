import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../../ports/metrics.ts';

export interface MetricsOptions {
  /** Whether memory, CPU and event-loop delay of the process are told too. */
  readonly process: boolean;
}

/** The Metrics port by prom-client, in a registry of its own. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry });
  return {
    counter(name, help, labels = []) {
      const counter = new Counter({ name, help, labelNames: labels, registers: [registry] });
      return {
        add: (amount, ...values) => {
          counter.labels(...values).inc(amount);
        },
      };
    },
    histogram(name, help, buckets, labels = []) {
      const histogram = new Histogram({ name, help, buckets: [...buckets], labelNames: labels, registers: [registry] });
      return {
        observe: (value, ...values) => {
          histogram.labels(...values).observe(value);
        },
      };
    },
    gauge(name, help, read) {
      const gauge: Gauge = new Gauge({
        name,
        help,
        registers: [registry],
        collect: () => {
          gauge.set(read());
        },
      });
    },
    render: () => registry.metrics(),
  };
}
