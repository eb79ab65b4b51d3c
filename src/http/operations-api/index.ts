/** What operators and their tools ask: health and metrics. */
import { getHealth } from '../../matrix/api/postern/getHealth.ts';
import { getMetrics } from '../../matrix/api/postern/getMetrics.ts';
import type { Caller } from '../../server/accounts/index.ts';
import type { Services } from '../../server/services.ts';
import { BytesAnswer } from '../kit/answer.ts';
import { type Route, route } from '../kit/route.ts';

/** Health on every listener; metrics where the listener serves them. */
export function operationsRoutes(services: Services, serve: { metrics: boolean }): Route<Caller>[] {
  const routes: Route<Caller>[] = [
    route(getHealth, async () => {
      await services.context.store.accounts.findServerValue('health');
      return { status: 'ok' as const };
    }),
  ];
  if (serve.metrics) {
    routes.push(
      route(getMetrics, async () => {
        const text = await services.context.metrics.render();
        return new BytesAnswer(Buffer.from(text), { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' });
      }),
    );
  }
  return routes;
}
