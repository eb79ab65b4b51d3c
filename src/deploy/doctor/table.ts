/** What was seen of each route, as a table for people. Pure. */
import type { TableTexts } from '../../text/doctor/table.ts';
import type { NetworkFacts, RouteFact } from '../topology/network-facts.ts';

const DAY_MS = 86_400_000;
const GAP = '  ';

/** The lines of the table; none where there are no routes. */
export function routeTable({ routes, nowMs }: Pick<NetworkFacts, 'routes' | 'nowMs'>, words: TableTexts): string[] {
  if (routes.length === 0) return [];
  const head = [words.route, words.connection, words.bare, words.other, words.named, words.days, words.speed];
  const rows = [head, ...routes.map((one) => rowOf(one, nowMs, words))];
  const widths = head.map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  return rows.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)))
      .join(GAP)
      .trimEnd(),
  );
}

function rowOf(fact: RouteFact, nowMs: number, words: TableTexts): string[] {
  const { route, tcp, bare, other, named, certificate, transfer } = fact;
  const hellos = [bare, other, named].map((one) => (one === undefined ? '–' : words[one]));
  const days = certificate === undefined ? '–' : String(Math.floor((certificate.validTo - nowMs) / DAY_MS));
  const isMeasured = transfer !== undefined && transfer.ms > 0;
  const speed = isMeasured ? String(Math.round(transfer.bytes / transfer.ms)) : '–';
  return [route, words[tcp], ...hellos, days, speed];
}

/** Columns on a terminal: characters of Chinese take two. */
function widthOf(text: string): number {
  return [...text].reduce((sum, one) => sum + ((one.codePointAt(0) ?? 0) >= 0x2e80 ? 2 : 1), 0);
}
