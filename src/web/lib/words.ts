/** Words, numbers and times in the language of the user. */
import { fillMessage, type Catalogue, type MessageKey, type MessageValues } from '../../text/web/catalogue.ts';
import { EN } from '../../text/web/en.ts';

export type { MessageKey, MessageValues };

export const LANGUAGES = ['en', 'zh-Hans'] as const;
export type Language = (typeof LANGUAGES)[number];

/** The first of the wanted languages that has a catalogue; English when there is none. */
export function chooseLanguage(wanted: readonly string[]): Language {
  for (const one of wanted) {
    const tag = one.toLowerCase();
    if (tag.startsWith('zh')) return 'zh-Hans';
    if (tag.startsWith('en')) return 'en';
  }
  return 'en';
}

/** English is always there; other catalogues are fetched when they are wanted. */
export async function loadCatalogue(language: Language): Promise<Catalogue> {
  if (language === 'zh-Hans') return (await import('../../text/web/zh-hans.ts')).ZH_HANS;
  return EN;
}

const DAY_MS = 86_400_000;

/** Everything that depends on the language. */
export class Words {
  readonly language: Language;
  readonly #catalogue: Catalogue;
  readonly #plural: Intl.PluralRules;
  readonly #time: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #longDate: Intl.DateTimeFormat;
  readonly #list: Intl.ListFormat;
  readonly #number: Intl.NumberFormat;
  readonly collator: Intl.Collator;

  constructor(language: Language, catalogue: Catalogue) {
    this.language = language;
    this.#catalogue = catalogue;
    this.#plural = new Intl.PluralRules(language);
    this.#time = new Intl.DateTimeFormat(language, { hour: 'numeric', minute: '2-digit' });
    this.#weekday = new Intl.DateTimeFormat(language, { weekday: 'short' });
    this.#date = new Intl.DateTimeFormat(language, { month: 'short', day: 'numeric' });
    this.#longDate = new Intl.DateTimeFormat(language, { weekday: 'long', month: 'long', day: 'numeric' });
    this.#list = new Intl.ListFormat(language, { type: 'conjunction' });
    this.#number = new Intl.NumberFormat(language, { maximumFractionDigits: 1 });
    this.collator = new Intl.Collator(language, { sensitivity: 'base' });
  }

  /** The message of a key with its places filled; `count` chooses between singular and plural. */
  say(key: MessageKey, values: MessageValues = {}): string {
    const message = this.#catalogue[key];
    if (typeof message === 'string') return fillMessage(message, values);
    const form = this.#plural.select(Number(values['count'] ?? 0)) === 'one' ? message.one : message.other;
    return fillMessage(form, values);
  }

  time(timeMs: number): string {
    return this.#time.format(timeMs);
  }

  list(names: readonly string[]): string {
    return this.#list.format(names);
  }

  /** For the room list: the time today, then yesterday, the weekday, the date. */
  shortTime(timeMs: number, nowMs: number): string {
    const days = dayNumber(nowMs) - dayNumber(timeMs);
    if (days <= 0) return this.time(timeMs);
    if (days === 1) return this.say('yesterday');
    return days < 7 ? this.#weekday.format(timeMs) : this.#date.format(timeMs);
  }

  /** For separators in the timeline. */
  day(timeMs: number, nowMs: number): string {
    const days = dayNumber(nowMs) - dayNumber(timeMs);
    if (days === 0) return this.say('today');
    return days === 1 ? this.say('yesterday') : this.#longDate.format(timeMs);
  }

  bytes(sizeBytes: number): string {
    const UNITS = ['B', 'KB', 'MB', 'GB'];
    let size = sizeBytes;
    let unit = 0;
    while (size >= 1000 && unit < UNITS.length - 1) {
      size /= 1000;
      unit += 1;
    }
    return `${this.#number.format(size)} ${UNITS[unit]}`;
  }
}

/** Number of the local day. */
export function dayNumber(timeMs: number): number {
  const local = new Date(timeMs);
  return Math.floor(Date.UTC(local.getFullYear(), local.getMonth(), local.getDate()) / DAY_MS);
}

/** The words everybody has without fetching anything. */
export function englishWords(): Words {
  return new Words('en', EN);
}
