/** From timeline items to the rows that are drawn: days, groups by sender, folded changes. Pure. */
import type { TimelineItem } from './engine.ts';
import { dayNumber } from './words.ts';

export type Row =
  | { readonly kind: 'day'; readonly key: string; readonly timeMs: number }
  | { readonly kind: 'new'; readonly key: string }
  | { readonly kind: 'notes'; readonly key: string; readonly items: readonly TimelineItem[] }
  | {
      readonly kind: 'message';
      readonly key: string;
      readonly item: TimelineItem;
      /** First and last of a run by one sender within a few minutes. */
      readonly startsGroup: boolean;
      readonly endsGroup: boolean;
    };

const GROUP_MS = 5 * 60_000;

const MESSAGE_KINDS: ReadonlySet<string> = new Set([
  'text',
  'image',
  'video',
  'audio',
  'file',
  'redacted',
  'unreadable',
  'unknown',
]);

function isMessageItem(item: TimelineItem): boolean {
  return MESSAGE_KINDS.has(item.body.kind);
}

function sameGroup(before: TimelineItem | undefined, item: TimelineItem): boolean {
  if (before === undefined || !isMessageItem(before)) return false;
  if (before.sender !== item.sender || dayNumber(before.timestampMs) !== dayNumber(item.timestampMs)) return false;
  return Math.abs(item.timestampMs - before.timestampMs) < GROUP_MS;
}

/** The rows of a window, oldest first. `firstUnreadKey` puts the line "new messages" before that item. */
export function planRows(items: readonly TimelineItem[], firstUnreadKey?: string): Row[] {
  const rows: Row[] = [];
  for (const [at, item] of items.entries()) {
    const before = items[at - 1];
    const newDay = before === undefined || dayNumber(before.timestampMs) !== dayNumber(item.timestampMs);
    if (newDay)
      rows.push({ kind: 'day', key: `day-${dayNumber(item.timestampMs)}-${item.key}`, timeMs: item.timestampMs });
    const isFirstUnread = item.key === firstUnreadKey;
    if (isFirstUnread) rows.push({ kind: 'new', key: 'new' });
    if (!isMessageItem(item)) {
      addNote(rows, item);
      continue;
    }
    const after = items[at + 1];
    rows.push({
      kind: 'message',
      key: item.key,
      item,
      startsGroup: isFirstUnread || !sameGroup(before, item),
      endsGroup:
        after === undefined || after.key === firstUnreadKey || !isMessageItem(after) || !sameGroup(item, after),
    });
  }
  return rows;
}

function addNote(rows: Row[], item: TimelineItem): void {
  const last = rows.at(-1);
  if (last?.kind === 'notes') rows[rows.length - 1] = { ...last, items: [...last.items, item] };
  else rows.push({ kind: 'notes', key: `notes-${item.key}`, items: [item] });
}

/** Whether a text is nothing but a few emoji, to be drawn large. */
export function isEmojiOnly(text: string): boolean {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed.length > 32) return false;
  return /^(?:\p{Extended_Pictographic}(?:\u{fe0f}|\u{200d}|\p{Emoji_Modifier}|\p{Extended_Pictographic})*\s*){1,3}$/u.test(
    trimmed,
  );
}
