/** Entry point of the page. */
import { render } from 'preact';
import { App } from './app.tsx';
import { say, startState } from './state.ts';
import { policy } from './trusted.ts';
import './styles.css';

async function start(): Promise<void> {
  await startState();
  const root = document.getElementById('app');
  if (root === null) return;
  if (isSecureContext) render(<App />, root);
  else render(<p class="empty">{say('insecure')}</p>, root);
}

/** Where there is no service worker (a file, an address without a certificate) everything else works without it. */
async function registerService(): Promise<void> {
  const url = policy.createScriptURL('/service.js');
  await navigator.serviceWorker?.register(url, { scope: '/', updateViaCache: 'none' });
}

void start();
void registerService().catch(() => undefined);
