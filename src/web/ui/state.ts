/** What the page knows, as signals: fed by the engine, the address, the clock and the user's wishes. */
import { computed, effect, signal, type ReadonlySignal } from '@preact/signals';
import { useEffect, useState } from 'preact/hooks';
import { type ConnectionState, type Engine, type SecurityFeed, type SessionState } from '../lib/engine.ts';
import type { RoomSummary, TopicName, Topics, Verification } from '../lib/engine.ts';
import { parseRoute, routeLink, type Route } from '../lib/route.ts';
import { chooseLanguage, englishWords, LANGUAGES, loadCatalogue, Words, type Language } from '../lib/words.ts';
import type { MessageKey, MessageValues } from '../lib/words.ts';
import { openEngine } from './engine-port.ts';

export const engine: Engine = openEngine();

function remembered(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
}

function remember(key: string, value: string): void {
  try {
    localStorage.setItem(key, value);
  } catch {
    // A browser that keeps nothing asks again next time.
  }
}

/** Whether this browser has held an account: only then is it worth waiting for the engine before the first screen. */
const hadAccount = remembered('account') === 'yes';

export const session = signal<SessionState>({ status: hadAccount ? 'loading' : 'signed-out' });
export const connection = signal<ConnectionState>({
  connection: 'connecting',
  isCurrent: false,
  waitingCount: 0,
  cryptoReady: false,
});
export const rooms = signal<readonly RoomSummary[] | undefined>(undefined);
export const security = signal<SecurityFeed>({
  ready: false,
  crossSigningExists: false,
  deviceVerified: false,
  recoveryExists: false,
  backup: 'none',
  recoveryKeyUnsaved: false,
});
export const verification = signal<Verification | null>(null);
export const route = signal<Route>(parseRoute(location.hash));
export const words = signal<Words>(englishWords());
/** The dialog that lies over whatever screen is open. */
export const overlay = signal<'unlock' | 'recovery' | undefined>(undefined);
/** The time, to the minute, for what says how long ago. */
export const now = signal(Date.now());

export type Theme = 'system' | 'light' | 'dark';

const savedTheme = remembered('theme');
export const theme = signal<Theme>(savedTheme === 'light' || savedTheme === 'dark' ? savedTheme : 'system');

/** The message of a key in the user's language. Components that use it follow a change of language. */
export function say(key: MessageKey, values?: MessageValues): string {
  return words.value.say(key, values);
}

export function go(next: Route): void {
  location.hash = routeLink(next);
}

export async function setLanguage(language: Language): Promise<void> {
  words.value = new Words(language, await loadCatalogue(language));
  document.documentElement.lang = language;
  remember('language', language);
}

function initialLanguage(): Language {
  const saved = LANGUAGES.find((one) => one === remembered('language'));
  return saved ?? chooseLanguage(navigator.languages);
}

/** Starts everything that feeds the signals; resolves when the words are there. */
export async function startState(): Promise<void> {
  engine.watch('session', undefined, (value) => {
    if (value.status !== 'loading') remember('account', value.status === 'signed-in' ? 'yes' : 'no');
    if (value.status !== 'loading' || hadAccount) session.value = value;
  });
  engine.watch('connection', undefined, (value) => {
    connection.value = value;
  });
  engine.watch('rooms', undefined, (value) => {
    rooms.value = value;
  });
  engine.watch('security', undefined, (value) => {
    security.value = value;
  });
  engine.watch('verification', undefined, (value) => {
    verification.value = value;
  });
  addEventListener('hashchange', () => {
    route.value = parseRoute(location.hash);
  });
  const wake = () => void engine.commands.wake().catch(() => undefined);
  addEventListener('online', wake);
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') wake();
  });
  setInterval(() => {
    now.value = Date.now();
  }, 30_000);
  effect(() => {
    document.documentElement.dataset['theme'] = theme.value;
    remember('theme', theme.value);
  });
  const language = initialLanguage();
  document.documentElement.lang = language;
  if (language !== 'en') await setLanguage(language).catch(() => undefined);
}

/** The newest value of a topic while the component is shown. */
export function useTopic<T extends TopicName>(
  topic: T,
  argument: Topics[T]['argument'],
): Topics[T]['value'] | undefined {
  const [value, setValue] = useState<{ readonly argument: unknown; readonly value: Topics[T]['value'] } | undefined>();
  useEffect(() => engine.watch(topic, argument, (next) => setValue({ argument, value: next })), [topic, argument]);
  return value?.argument === argument ? value?.value : undefined;
}

/** The room that is open, from the list. */
export const openRoom: ReadonlySignal<RoomSummary | undefined> = computed(() => {
  const current = route.value;
  if (current.name !== 'room' && current.name !== 'details') return undefined;
  return rooms.value?.find((room) => room.roomId === current.roomId);
});
