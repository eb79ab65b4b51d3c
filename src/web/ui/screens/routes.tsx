/** The ways to the server, in plain words, and how each of them fares. */
import type { MessageKey } from '../../lib/words.ts';
import type { RouteState } from '../../lib/engine.ts';
import { useAction } from '../parts/controls.tsx';
import { PasteInvite } from '../parts/paste-invite.tsx';
import { engine, say, useTopic } from '../state.ts';

const FAILURES: { readonly [K in NonNullable<RouteState['failure']>]: MessageKey } = {
  name: 'routeFailName',
  refused: 'routeFailRefused',
  unreachable: 'routeFailUnreachable',
  timeout: 'routeFailTimeout',
  throttled: 'routeFailThrottled',
  gateway: 'routeFailGateway',
};

const ZONES: { readonly [K in NonNullable<RouteState['zone']>]: MessageKey } = {
  home: 'routeHome',
  idc: 'routeIdc',
  abroad: 'routeAbroad',
};

function describe({ state, failure, rttMs, zone, kind }: RouteState): string {
  const how =
    state === 'failing'
      ? say(FAILURES[failure ?? 'unreachable'])
      : state === 'good' && rttMs !== undefined
        ? say('routeGood', { time: Math.round(rttMs) })
        : say('routeUntried');
  const where = zone === undefined ? [] : [say(ZONES[zone])];
  return [...(kind === 'webrtc' ? [say('routeDirect')] : []), ...where, how].join(' · ');
}

export function Routes() {
  const routes = useTopic('routes', undefined) ?? [];
  const test = useAction(() => engine.commands.testRoutes());
  const isCutOff = routes.length > 0 && routes.every(({ state }) => state === 'failing');
  return (
    <section class="section">
      <h2>{say('routes')}</h2>
      <p class="quiet small">{say('routesText')}</p>
      <div class="panel">
        {routes.map((route) => (
          <div class="panel-row" key={route.name}>
            <span class="grow">
              <b class="ellipsis">
                <bdi>{route.name.replace(/^[a-z]+:\/\//, '')}</bdi>
              </b>
              <small>{describe(route)}</small>
            </span>
            {route.isCurrent && <span class="tag good">{say('routeInUse')}</span>}
          </div>
        ))}
      </div>
      <button type="button" class="button" disabled={test.isBusy} onClick={test.run}>
        {say('routesTest')}
      </button>
      {isCutOff && <PasteInvite />}
    </section>
  );
}
