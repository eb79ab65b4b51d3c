import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Metrics } from '../../ports/metrics.ts';

/** Milliseconds between two looks at the event loop's delay: each one wakes an idle process. */
const LOOP_PRECISION_MS = 250;

export interface MetricsOptions {
  /** Whether memory, CPU and event-loop delay of the process are told too. */
  readonly process: boolean;
}

/** The metric that was registered under this name before: two listeners count together. */
function existing<T>(registry: Registry, name: string, kind: new (...options: never[]) => T): T | undefined {
  const metric: unknown = registry.getSingleMetric(name);
  return metric instanceof kind ? metric : undefined;
}

/** The Metrics port by prom-client, in a registry of its own. */
export function createMetrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  if (options.process) collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: LOOP_PRECISION_MS });
  return {
    counter(name, help, labels = []) {
      const counter =
        existing(registry, name, Counter) ?? new Counter({ name, help, labelNames: labels, registers: [registry] });
      return {
        add: (amount, ...values) => {
          counter.labels(...values).inc(amount);
        },
      };
    },
    histogram(name, help, buckets, labels = []) {
      const histogram =
        existing(registry, name, Histogram) ??
        new Histogram({ name, help, buckets: [...buckets], labelNames: labels, registers: [registry] });
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
