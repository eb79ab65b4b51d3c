/**
 * The service worker: starts the app whatever the network does. Files with a hash in their name come
 * from the cache for ever; the page itself from the network when it answers soon, else from the cache.
 */
const scope = self as unknown as ServiceWorkerGlobalScope;

const CACHE = 'postern-shell-1';
const NETWORK_WAIT_MS = 2000;

function isHashed(url: URL): boolean {
  return url.pathname.startsWith('/assets/');
}

/** Where the engine writes which origins its routes have: `browser-host.ts`. */
const ROUTES_CACHE = 'postern-routes';
const ROUTES_PATH = '/routes.json';
/** An https origin, or this very machine: whatever else stands there does not get into the policy. */
const ORIGIN = /^(?:https:\/\/[a-z0-9.:[\]-]{1,260}|http:\/\/(?:localhost|127\.0\.0\.1)(?::[0-9]{1,5})?)$/;

async function routeOrigins(): Promise<string[]> {
  const known = await (await caches.open(ROUTES_CACHE)).match(ROUTES_PATH);
  const list: unknown = await known?.json().catch(() => undefined);
  if (!Array.isArray(list)) return [];
  return list.filter((one): one is string => typeof one === 'string' && ORIGIN.test(one)).slice(0, 20);
}

/** "connect-src names the routes of the signed manifest": the header is written anew for what comes from the cache. */
async function withRoutes(response: Response): Promise<Response> {
  const policy = response.headers.get('content-security-policy');
  const origins = await routeOrigins().catch(() => []);
  if (policy === null || origins.length === 0) return response;
  const headers = new Headers(response.headers);
  headers.set(
    'content-security-policy',
    policy.replace("connect-src 'self'", ["connect-src 'self'", ...origins].join(' ')),
  );
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

async function fromCacheFirst(request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  const known = await cache.match(request);
  if (known !== undefined) return known;
  const response = await fetch(request);
  if (response.ok) await cache.put(request, response.clone());
  return response;
}

/** Files that the new page no longer names go, once the page that names them is replaced. */
async function storePage(response: Response): Promise<void> {
  const cache = await caches.open(CACHE);
  await cache.put('/', response);
}

/** The list that the build writes of its files with a hash in their names, the smallest first. */
const ASSETS_PATH = '/assets.json';

/**
 * Keeps every part of the app before anybody opens it: tomorrow this address may be blocked. One after the other and
 * with low priority, so that nothing that is on screen waits for it; what the browser has is not fetched again.
 */
async function keepAssets(): Promise<void> {
  const list: unknown = await (await fetch(ASSETS_PATH, { cache: 'no-cache' })).json();
  const names = Array.isArray(list) ? list.filter((one): one is string => typeof one === 'string') : [];
  const cache = await caches.open(CACHE);
  for (const name of names) {
    const url = new URL(name, scope.location.origin);
    if (url.origin !== scope.location.origin || !isHashed(url)) continue;
    if ((await cache.match(url)) !== undefined) continue;
    const response = await fetch(url, { priority: 'low' });
    if (response.ok) await cache.put(url, response);
  }
}

async function page(): Promise<Response> {
  const cache = await caches.open(CACHE);
  const known = await cache.match('/');
  const network = fetch('/', { cache: 'no-cache' }).then(async (response) => {
    if (response.ok) await storePage(response.clone());
    void keepAssets().catch(() => undefined);
    return response;
  });
  if (known === undefined) return network;
  network.catch(() => undefined);
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(known), NETWORK_WAIT_MS));
  return Promise.race([network.catch(() => known), late]);
}

scope.addEventListener('install', (event) => {
  event.waitUntil(
    fetch('/', { cache: 'no-cache' })
      .then(storePage)
      .then(() => scope.skipWaiting()),
  );
});

scope.addEventListener('activate', (event) => {
  event.waitUntil(scope.clients.claim().then(keepAssets));
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // The engine's own requests are none of our business: only what the browser itself asks for.
  if (url.origin !== scope.location.origin || request.method !== 'GET') return;
  if (request.mode === 'navigate' && url.pathname === '/') event.respondWith(page().then(withRoutes));
  else if (isHashed(url)) event.respondWith(fromCacheFirst(request).then(withRoutes));
});
