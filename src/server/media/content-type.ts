/** Which content may be shown inline, and how a file is named in an answer. Pure. */

/** "the following content types can be served inline": those of them whose bytes can be told. */
const INLINE: readonly { readonly type: string; readonly matches: (head: Uint8Array) => boolean }[] = [
  { type: 'image/png', matches: (head) => starts(head, [0x89, 0x50, 0x4e, 0x47]) },
  { type: 'image/jpeg', matches: (head) => starts(head, [0xff, 0xd8, 0xff]) },
  { type: 'image/gif', matches: (head) => starts(head, [0x47, 0x49, 0x46, 0x38]) },
  {
    type: 'image/webp',
    matches: (head) => starts(head, [0x52, 0x49, 0x46, 0x46]) && starts(head.subarray(8), [0x57, 0x45, 0x42, 0x50]),
  },
  { type: 'video/mp4', matches: (head) => starts(head.subarray(4), [0x66, 0x74, 0x79, 0x70]) },
  { type: 'video/webm', matches: (head) => starts(head, [0x1a, 0x45, 0xdf, 0xa3]) },
  { type: 'audio/ogg', matches: (head) => starts(head, [0x4f, 0x67, 0x67, 0x53]) },
];
/** Plain text needs no decoder, and `nosniff` keeps it text. */
const INLINE_TEXT: ReadonlySet<string> = new Set(['text/plain', 'text/csv', 'application/json', 'application/ld+json']);
/** Other names of the types above. */
const SAME: Readonly<Record<string, string>> = {
  'video/ogg': 'audio/ogg',
  'audio/webm': 'video/webm',
  'audio/mp4': 'video/mp4',
};

function starts(head: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, index) => head[index] === byte);
}

/** The type without parameters, in lower case; `undefined` for what is no media type. */
export function baseType(contentType: string | undefined): string | undefined {
  const match = /^\s*([a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+)\s*(?:;|$)/i.exec(contentType ?? '');
  return match?.[1]?.toLowerCase();
}

/** A content type as it may be stored and sent again: no line breaks, of bounded length. */
export function cleanContentType(contentType: string | undefined): string | undefined {
  if (baseType(contentType) === undefined || contentType === undefined || contentType.length > 200) return undefined;
  return /^[\x20-\x7e]+$/.test(contentType) ? contentType.trim() : undefined;
}

/** Whether bytes of this declared type may be shown in the page: only what they really are, and only harmless types. */
export function isInline(contentType: string | undefined, head: Uint8Array): boolean {
  const type = baseType(contentType);
  if (type === undefined) return false;
  if (INLINE_TEXT.has(type)) return true;
  const known = SAME[type] ?? type;
  return INLINE.find((one) => one.type === known)?.matches(head) === true;
}

/** Types of pictures that thumbnails are made of, told by their bytes and never by the declared type (adv-122). */
export function isThumbnailable(head: Uint8Array): boolean {
  return INLINE.slice(0, 4).some((one) => one.matches(head));
}

/** "Content-Disposition … MUST be returned": the name in the plain form, or in that of RFC 6266 where it needs it. */
export function contentDisposition(kind: 'inline' | 'attachment', fileName: string | undefined): string {
  if (fileName === undefined || fileName === '') return kind;
  if (/^[A-Za-z0-9._-]+$/.test(fileName)) return `${kind}; filename=${fileName}`;
  if (/^[\x20-\x7e]+$/.test(fileName)) return `${kind}; filename="${fileName.replaceAll(/["\\]/g, '\\$&')}"`;
  const encoded = encodeURIComponent(fileName).replaceAll(
    /['()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `${kind}; filename*=utf-8''${encoded}`;
}

/** A file name as it may be stored: no control characters, no path, no half of a character, of bounded length. */
export function cleanFileName(name: string | undefined): string | undefined {
  const clean = name
    ?.split(/[\\/]/)
    .at(-1)
    ?.slice(0, 255)
    .replaceAll(/[\p{Cc}\p{Cs}]/gu, '');
  return clean === undefined || clean === '' ? undefined : clean;
}
