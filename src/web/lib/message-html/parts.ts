/** The tree of known parts that a message's HTML becomes. Whatever is not in it is not shown as markup. */
export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'break' | 'rule' }
  | { readonly kind: 'element'; readonly name: ElementName; readonly parts: readonly Part[]; readonly start?: number }
  | { readonly kind: 'code'; readonly text: string; readonly language?: string }
  | { readonly kind: 'link'; readonly href: string; readonly parts: readonly Part[]; readonly isSuspicious: boolean }
  | { readonly kind: 'person'; readonly userId: string; readonly parts: readonly Part[] }
  | { readonly kind: 'spoiler'; readonly reason?: string; readonly parts: readonly Part[] };

/** The list of the specification, less what is handled apart (`a`, `img`, `span`, `br`, `hr`, `pre`). */
export const ELEMENT_NAMES = [
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

/** What the walk needs of a DOM node; a test brings plain objects. */
export interface HtmlNode {
  readonly nodeType: number;
  readonly nodeName: string;
  readonly textContent: string | null;
  readonly childNodes: ArrayLike<HtmlNode>;
  getAttribute?(name: string): string | null;
}

/** "Clients should limit nesting … 100 levels": what lies deeper is text. */
export const DEPTH_MAX = 100;

const TEXT_NODE = 3;
const ELEMENT_NODE = 1;

/** "a: name, target, href (must begin with https, http, ftp, mailto, magnet)". */
export function safeHref(href: string | null | undefined): string | undefined {
  const trimmed = href?.trim() ?? '';
  return /^(?:https?|ftp|mailto|magnet):/i.test(trimmed) ? trimmed : undefined;
}

// U+202A–E and U+2066–9 turn the direction around and can make an address read as another.
const BIDI_CONTROLS = /[\u202a-\u202e\u2066-\u2069]/;

/** Whether a link may not be what it looks like: mixed scripts or direction controls in its host, or a text that names another host. */
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

function walkLink(node: HtmlNode, depth: number): Part[] {
  const parts = walkChildren(node, depth);
  const raw = node.getAttribute?.('href') ?? '';
  const userId = personOf(raw);
  if (userId !== undefined) return [{ kind: 'person', userId, parts }];
  const href = safeHref(raw);
  if (href === undefined) return parts;
  return [{ kind: 'link', href, parts, isSuspicious: isSuspiciousLink(href, node.textContent ?? '') }];
}

function walkElement(node: HtmlNode, depth: number): Part[] {
  const name = node.nodeName.toLowerCase();
  if (name === 'mx-reply') return [];
  if (name === 'br') return [{ kind: 'break' }];
  if (name === 'hr') return [{ kind: 'rule' }];
  if (name === 'a') return walkLink(node, depth);
  if (name === 'img') return [{ kind: 'text', text: node.getAttribute?.('alt') ?? '' }];
  if (name === 'pre') return [{ kind: 'code', text: node.textContent ?? '' }];
  const spoiler = node.getAttribute?.('data-mx-spoiler');
  if (name === 'span' && typeof spoiler === 'string') {
    const parts = walkChildren(node, depth);
    return [{ kind: 'spoiler', parts, ...(spoiler === '' ? {} : { reason: spoiler }) }];
  }
  if (!ELEMENTS.has(name)) return walkChildren(node, depth);
  const start = name === 'ol' ? Number(node.getAttribute?.('start') ?? Number.NaN) : Number.NaN;
  const parts = walkChildren(node, depth);
  return [{ kind: 'element', name: name as ElementName, parts, ...(Number.isSafeInteger(start) ? { start } : {}) }];
}

function walkChildren(node: HtmlNode, depth: number): Part[] {
  if (depth >= DEPTH_MAX) return [{ kind: 'text', text: node.textContent ?? '' }];
  const parts: Part[] = [];
  for (let at = 0; at < node.childNodes.length; at += 1) {
    const child = node.childNodes[at];
    if (child === undefined) continue;
    if (child.nodeType === TEXT_NODE) parts.push({ kind: 'text', text: child.textContent ?? '' });
    else if (child.nodeType === ELEMENT_NODE) parts.push(...walkElement(child, depth + 1));
  }
  return parts;
}

/** The parts of a sanitised fragment. Depth is bounded by {@link DEPTH_MAX}. */
export function toParts(root: HtmlNode): Part[] {
  return walkChildren(root, 0);
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
