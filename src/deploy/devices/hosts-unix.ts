/**
 * The hosts file of Linux and macOS. Our lines stand between two marks. Where the file had no newline at its end, the
 * first mark says so ("joined"), and undoing takes away the newline that had to come before it.
 */
import type { DeviceFacts } from './facts.ts';
import { pairsOf } from './facts.ts';

export interface HostsCommands {
  readonly install: string;
  readonly undo: string;
}

/** What follows once the file is written. */
const AFTER = {
  linux: '',
  // What the system remembers of names.
  macos: '; dscacheutil -flushcache || :; killall -HUP mDNSResponder || :',
} as const;

/** Drops what stands between the marks; a first mark without its second one stays, with all that follows it. */
const DROP =
  '\\$0 == b || \\$0 == b \\" joined\\" { printf \\"%s\\", s; s = \\"\\"; k = 1 } ' +
  'k { s = s \\$0 \\"\\\\n\\"; if (\\$0 == e) { k = 0; s = \\"\\" } next } { print } END { printf \\"%s\\", s }';

/** One line each for a shell; nothing in them needs any quoting but what stands here. */
export function unixHosts(system: 'linux' | 'macos', facts: DeviceFacts): HostsCommands {
  const { zone } = facts;
  const begin = [
    'set -e',
    'h=/etc/hosts',
    `b="# BEGIN postern ${zone}"`,
    `e="# END postern ${zone}"`,
    't=$(mktemp)',
    'trap "rm -f $t" EXIT',
    'j=',
    'if grep -Fxq -e "$b" -e "$b joined" "$h"',
    `then LC_ALL=C awk -v b="$b" -v e="$e" "${DROP}" "$h" > "$t"`,
    'if [ "$(tail -n 1 "$h")" = "$e" ]',
    'then if grep -Fxq "$b joined" "$h"; then j=1; fi',
    'else j=$(tail -c 1 "$h")',
    'fi',
    'else cat "$h" > "$t"',
    'fi',
    'if [ -n "$j" ]; then c=$(cat "$t"); printf %s "$c" > "$t"; fi',
  ];
  const lines = pairsOf(facts).map(({ name, address }) => `"${address} ${name}"`);
  const add = [
    'if [ -n "$(tail -c 1 "$t")" ]; then printf "\\n%s joined\\n" "$b" >> "$t"; else printf "%s\\n" "$b" >> "$t"; fi',
    `printf "%s\\n" ${lines.join(' ')} "$e" >> "$t"`,
  ];
  // Written into the file that is there: its owner, its rights and its place stay.
  const write = 'cmp -s "$t" "$h" || cat "$t" > "$h"';
  const lineOf = (steps: readonly string[]): string => `sudo sh -c '${[...steps, write].join('; ')}${AFTER[system]}'`;
  return { install: lineOf([...begin, ...add]), undo: lineOf(begin) };
}
