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

async function page(): Promise<Response> {
  const cache = await caches.open(CACHE);
  const known = await cache.match('/');
  const network = fetch('/', { cache: 'no-cache' }).then(async (response) => {
    if (response.ok) await storePage(response.clone());
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
  event.waitUntil(scope.clients.claim());
});

scope.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  // The engine's own requests are none of our business: only what the browser itself asks for.
  if (url.origin !== scope.location.origin || request.method !== 'GET') return;
  if (request.mode === 'navigate' && url.pathname === '/') event.respondWith(page());
  else if (isHashed(url)) event.respondWith(fromCacheFirst(request));
});
