/** Reads HTML into tags and texts, in linear time. It decides nothing: what a tag may mean is the builder's affair. */
export type Token =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'open'; readonly name: string; readonly attributes: ReadonlyMap<string, string> }
  | { readonly kind: 'close'; readonly name: string };

/** Elements whose content is no markup and is never shown. */
const SWALLOWED: ReadonlySet<string> = new Set([
  'script',
  'style',
  'textarea',
  'title',
  'iframe',
  'noscript',
  'noembed',
  'noframes',
  'xmp',
  'template',
]);

const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['amp', '&'],
  ['lt', '<'],
  ['gt', '>'],
  ['quot', '"'],
  ['apos', "'"],
  ['nbsp', '\u00a0'],
  ['copy', '©'],
  ['reg', '®'],
  ['trade', '™'],
  ['hellip', '…'],
  ['ndash', '–'],
  ['mdash', '—'],
  ['lsquo', '‘'],
  ['rsquo', '’'],
  ['ldquo', '“'],
  ['rdquo', '”'],
  ['laquo', '«'],
  ['raquo', '»'],
  ['bull', '•'],
  ['middot', '·'],
  ['times', '×'],
  ['deg', '°'],
  ['euro', '€'],
  ['larr', '←'],
  ['rarr', '→'],
]);

const REFERENCE = /&(?:#([0-9]{1,7})|#[xX]([0-9a-fA-F]{1,6})|([a-zA-Z]{2,8}));/g;

function character(code: number): string {
  const isCharacter = code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
  return isCharacter ? String.fromCodePoint(code) : '\ufffd';
}

/** Puts the characters in for their references; unknown names stay as they are written. */
export function decodeEntities(text: string): string {
  return text.replace(REFERENCE, (whole, decimal?: string, hex?: string, name?: string) => {
    if (decimal !== undefined) return character(Number.parseInt(decimal, 10));
    if (hex !== undefined) return character(Number.parseInt(hex, 16));
    return ENTITIES.get(name ?? '') ?? whole;
  });
}

const TAG_NAME = /[a-zA-Z][^\s/>]*/y;
const ATTRIBUTE = /[\s/]*([^\s=/>]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s>"']*)))?/y;
const TAG_END = /[\s/]*>/y;

interface Tag {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string>;
  readonly end: number;
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/** A tag whose name begins at `at`; 'unclosed' when the text ends first. */
function readTag(html: string, at: number): Tag | 'none' | 'unclosed' {
  const name = matchAt(TAG_NAME, html, at)?.[0];
  if (name === undefined) return 'none';
  const attributes = new Map<string, string>();
  let position = at + name.length;
  for (;;) {
    if (position >= html.length) return 'unclosed';
    const end = matchAt(TAG_END, html, position);
    if (end !== null) return { name: name.toLowerCase(), attributes, end: position + end[0].length };
    const found = matchAt(ATTRIBUTE, html, position);
    if (found?.[1] === undefined) {
      // A stray quote or equals sign: passed over, as browsers do.
      position += 1;
      continue;
    }
    const key = found[1].toLowerCase();
    const value = found[2] ?? found[3] ?? found[4] ?? '';
    if (!attributes.has(key)) attributes.set(key, decodeEntities(value));
    position += found[0].length;
  }
}

/** Where what begins with `<!` or `<?` ends: comments and declarations, none of which is shown. */
function skipDeclaration(html: string, at: number): number {
  const isComment = html.startsWith('<!--', at);
  const end = html.indexOf(isComment ? '-->' : '>', at + 2);
  return end < 0 ? html.length : end + (isComment ? 3 : 1);
}

/** The tokens of an HTML text. */
export function* tokenize(html: string): Generator<Token> {
  let lowered: string | undefined;
  let at = 0;
  let textStart = 0;
  const text = (end: number): Token => ({ kind: 'text', text: decodeEntities(html.slice(textStart, end)) });
  while (at < html.length) {
    const open = html.indexOf('<', at);
    if (open < 0) break;
    const next = html.charAt(open + 1);
    const isClose = next === '/';
    const isDeclaration = next === '!' || next === '?';
    const read = isDeclaration ? 'declaration' : readTag(html, open + (isClose ? 2 : 1));
    // What follows a tag that never ends is text: looking for tags in it again would take quadratic time.
    if (read === 'unclosed') break;
    if (read === 'none') {
      // A `<` that begins no tag is text.
      at = open + 1;
      continue;
    }
    const tag = read === 'declaration' ? undefined : read;
    if (open > textStart) yield text(open);
    at = tag?.end ?? skipDeclaration(html, open);
    if (tag !== undefined && isClose) yield { kind: 'close', name: tag.name };
    else if (tag !== undefined && SWALLOWED.has(tag.name)) {
      lowered ??= html.toLowerCase();
      const close = lowered.indexOf(`</${tag.name}`, at);
      at = close < 0 ? html.length : close;
    } else if (tag !== undefined) yield { kind: 'open', name: tag.name, attributes: tag.attributes };
    textStart = at;
  }
  if (textStart < html.length) yield text(html.length);
}
