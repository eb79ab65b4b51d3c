/** The configured routes as the services take them. */
import { parseRoute } from '../../matrix/routes/route.ts';
import type { ConfiguredRoute } from '../../server/routes/index.ts';
import { readConfiguredRoute } from '../config/check-routes.ts';
import type { Config } from '../config/schema.ts';
import { readSecret, type SecretPlaces } from '../config/secrets.ts';
import { ConfigError } from '../config/sources.ts';

const PATH_SECRET = /^[0-9A-Za-z_-]{16,64}$/;

/** The path below which clients are answered, `/x/SECRET`; `undefined` without a secret. Throws {@link ConfigError}. */
export function secretPath({ routes }: Config, places: SecretPlaces): string | undefined {
  const secret = readSecret(routes.pathSecret, 'routes.pathSecret', places);
  if (secret === undefined) return undefined;
  if (!PATH_SECRET.test(secret)) {
    throw new ConfigError('routes.pathSecret: allowed are 16 to 64 letters, digits, - or _');
  }
  return `/x/${secret}`;
}

/** The routes in their order; the public URL alone where none is configured and it can be one. */
export function configuredRoutes(
  { routes }: Config,
  { path, publicBaseUrl }: { readonly path: string | undefined; readonly publicBaseUrl: string },
): ConfiguredRoute[] {
  const own = routes.list.length === 0 ? [{ url: publicBaseUrl }] : routes.list;
  return own.flatMap((one) => {
    const route = readConfiguredRoute(one);
    if (route === undefined) return [];
    if (route.kind === 'webrtc' || path === undefined || new URL(route.baseUrl).pathname !== '/') return [route];
    const below = parseRoute(route.baseUrl + path);
    return below?.kind === 'web' ? [{ ...route, baseUrl: below.baseUrl }] : [];
  });
}
