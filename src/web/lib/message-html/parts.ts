/** The tree of known parts that a message's HTML becomes. Whatever is not in it is not shown as markup. */
import { present } from '../../../lib/assert.ts';
import { tokenize } from './tokens.ts';

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'break' | 'rule' }
  | { readonly kind: 'element'; readonly name: ElementName; readonly parts: readonly Part[]; readonly start?: number }
  | { readonly kind: 'code'; readonly text: string; readonly language?: string }
  | { readonly kind: 'link'; readonly href: string; readonly parts: readonly Part[]; readonly isSuspicious: boolean }
  | { readonly kind: 'person'; readonly userId: string; readonly parts: readonly Part[] }
  | { readonly kind: 'spoiler'; readonly reason?: string; readonly parts: readonly Part[] };

/** The list of the specification, less what is handled apart (`a`, `img`, `span`, `br`, `hr`, `pre`). */
const ELEMENT_NAMES = [
  'del',
  'h1',
  'h2',
  'h3',
  'h4',
  'h5',
  'h6',
  'blockquote',
  'p',
  'ul',
  'ol',
  'sup',
  'sub',
  'li',
  'b',
  'i',
  'u',
  'strong',
  'em',
  's',
  'code',
  'div',
  'table',
  'thead',
  'tbody',
  'tr',
  'th',
  'td',
  'caption',
  'details',
  'summary',
] as const;

export type ElementName = (typeof ELEMENT_NAMES)[number];

const ELEMENTS: ReadonlySet<string> = new Set(ELEMENT_NAMES);

/** "Clients should limit nesting … 100 levels": what lies deeper is text. */
export const DEPTH_MAX = 100;

/** "a: name, target, href (must begin with https, http, ftp, mailto, magnet)". */
export function safeHref(href: string | null | undefined): string | undefined {
  const trimmed = href?.trim() ?? '';
  return /^(?:https?|ftp|mailto|magnet):/i.test(trimmed) ? trimmed : undefined;
}

// U+202A–E and U+2066–9 turn the direction around and can make an address read as another.
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/;

/**
 * Whether a link may not be what it looks like: mixed scripts or direction controls in its host, or a text that names
 * another host.
 */
export function isSuspiciousLink(href: string, text: string): boolean {
  const host = hostOf(href);
  if (host === undefined) return false;
  if (BIDI_CONTROLS.test(href) || BIDI_CONTROLS.test(text)) return true;
  if (host.split('.').some((label) => label.startsWith('xn--'))) return true;
  const shown = /^(?:https?:\/\/)?([^\s/]+\.[^\s/]{2,})/i.exec(text.trim())?.[1]?.toLowerCase();
  return (
    shown !== undefined && !text.trim().includes(' ') && shown.replace(/^www\./, '') !== host.replace(/^www\./, '')
  );
}

function hostOf(href: string): string | undefined {
  try {
    const url = new URL(href);
    return url.protocol === 'mailto:' || url.protocol === 'magnet:' ? undefined : url.host.toLowerCase();
  } catch {
    return undefined;
  }
}

/** The user a `matrix.to` or `matrix:` link points to. */
export function personOf(href: string): string | undefined {
  const match = /^https:\/\/matrix\.to\/#\/(@[^/?]+|%40[^/?]+)/i.exec(href) ?? /^matrix:u\/([^/?]+)/i.exec(href);
  const raw = match?.[1];
  if (raw === undefined) return undefined;
  try {
    const id = decodeURIComponent(raw);
    return id.startsWith('@') ? id : `@${id}`;
  } catch {
    return undefined;
  }
}

interface Frame {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly parts: Part[];
  /** The text inside, markup left out. */
  text: string;
}

function linkOf(frame: Frame): Part[] {
  const raw = frame.attributes.get('href') ?? '';
  const userId = personOf(raw);
  if (userId !== undefined) return [{ kind: 'person', userId, parts: frame.parts }];
  const href = safeHref(raw);
  if (href === undefined) return frame.parts;
  return [{ kind: 'link', href, parts: frame.parts, isSuspicious: isSuspiciousLink(href, frame.text) }];
}

/** The parts that a finished element is; an unknown one is what it holds. */
function finish(frame: Frame): readonly Part[] {
  const { name, attributes, parts } = frame;
  if (name === 'mx-reply') return [];
  if (name === 'a') return linkOf(frame);
  if (name === 'pre') return [{ kind: 'code', text: frame.text.replace(/^\n/, '') }];
  const spoiler = attributes.get('data-mx-spoiler');
  if (name === 'span' && spoiler !== undefined) {
    return [{ kind: 'spoiler', parts, ...(spoiler === '' ? {} : { reason: spoiler }) }];
  }
  if (!ELEMENTS.has(name)) return parts;
  const start = name === 'ol' ? Number(attributes.get('start') ?? Number.NaN) : Number.NaN;
  return [{ kind: 'element', name: name as ElementName, parts, ...(Number.isSafeInteger(start) ? { start } : {}) }];
}

function voidPart(name: string, attributes: ReadonlyMap<string, string>): Part | undefined {
  if (name === 'br') return { kind: 'break' };
  if (name === 'hr') return { kind: 'rule' };
  return name === 'img' ? { kind: 'text', text: attributes.get('alt') ?? '' } : undefined;
}

/** Open elements that a new one ends by itself, and where the search for them stops. */
const IMPLIED_ENDS: ReadonlyMap<string, { readonly ends: readonly string[]; readonly within: readonly string[] }> =
  new Map([
    ['li', { ends: ['li'], within: ['ul', 'ol'] }],
    ['tr', { ends: ['tr'], within: ['table', 'tbody', 'thead'] }],
    ['td', { ends: ['td', 'th'], within: ['tr', 'table'] }],
    ['th', { ends: ['td', 'th'], within: ['tr', 'table'] }],
    ['p', { ends: ['p'], within: ['blockquote', 'li', 'td', 'th', 'div', 'details'] }],
  ]);

class Builder {
  readonly #stack: Frame[] = [{ name: '', attributes: new Map(), parts: [], text: '' }];
  /** Elements opened beyond the depth limit: their text counts, they do not. */
  #tooDeep = 0;

  get #top(): Frame {
    return present(this.#stack.at(-1), 'the root frame stays');
  }

  text(text: string): void {
    this.#top.parts.push({ kind: 'text', text });
    this.#top.text += text;
  }

  open(name: string, attributes: ReadonlyMap<string, string>): void {
    const single = voidPart(name, attributes);
    if (single !== undefined) {
      this.#top.parts.push(single);
      return;
    }
    this.#implyEnd(name);
    if (this.#stack.length > DEPTH_MAX) this.#tooDeep += 1;
    else this.#stack.push({ name, attributes, parts: [], text: '' });
  }

  close(name: string): void {
    if (this.#tooDeep > 0) {
      this.#tooDeep -= 1;
      return;
    }
    const at = this.#stack.findLastIndex((frame) => frame.name === name);
    if (at > 0) this.#popTo(at);
  }

  end(): Part[] {
    this.#popTo(1);
    return this.#top.parts;
  }

  #implyEnd(name: string): void {
    const rule = IMPLIED_ENDS.get(name);
    if (rule === undefined) return;
    for (let at = this.#stack.length - 1; at > 0; at -= 1) {
      const open = this.#stack[at]?.name ?? '';
      if (rule.within.includes(open)) return;
      if (!rule.ends.includes(open)) continue;
      this.#popTo(at);
      return;
    }
  }

  /** Ends every element from place `at` of the stack upwards. */
  #popTo(at: number): void {
    while (this.#stack.length > at) {
      const frame = present(this.#stack.pop(), 'an open element');
      this.#top.parts.push(...finish(frame));
      if (frame.name !== 'mx-reply') this.#top.text += frame.text;
    }
  }
}

/**
 * The parts of an HTML body. The text never becomes a document: no parser of the browser sees it, so
 * there is nothing in it that could run, load or style. Depth is bounded by {@link DEPTH_MAX}.
 */
export function parseHtml(html: string): Part[] {
  const builder = new Builder();
  for (const token of tokenize(html)) {
    if (token.kind === 'text') builder.text(token.text);
    else if (token.kind === 'open') builder.open(token.name, token.attributes);
    else builder.close(token.name);
  }
  return builder.end();
}

const URL_IN_TEXT = /https?:\/\/[^\s<>"']+/g;
const TRAILING = /[.,;:!?)\]}'"”’。，！？）】]+$/u;

/** The parts of a plain text: its web addresses become links. */
export function linkParts(text: string): Part[] {
  const parts: Part[] = [];
  let end = 0;
  for (const match of text.matchAll(URL_IN_TEXT)) {
    const href = match[0].replace(TRAILING, '');
    if (href.length <= 'https://'.length) continue;
    if (match.index > end) parts.push({ kind: 'text', text: text.slice(end, match.index) });
    parts.push({
      kind: 'link',
      href,
      parts: [{ kind: 'text', text: href }],
      isSuspicious: isSuspiciousLink(href, href),
    });
    end = match.index + href.length;
  }
  if (end < text.length) parts.push({ kind: 'text', text: text.slice(end) });
  return parts;
}
