/** Pictures of the report, as SVG without scripts, in the colours of the page. Pure. */

/** Text for HTML and SVG. */
export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

export interface Bar {
  readonly label: string;
  readonly values: readonly { readonly name: string; readonly value: number }[];
}

const WIDTH = 720;
const LABEL = 130;
const ROW = 18;
const GAP = 12;

/** Bars beside each other in groups; a logarithmic scale, since one option may be fifty times another. */
export function drawBars(bars: readonly Bar[], unit: string): string {
  const all = bars.flatMap((bar) => bar.values.map((one) => one.value));
  const max = Math.max(10, ...all);
  const scale = (value: number): number => ((WIDTH - LABEL - 130) * Math.log10(1 + value)) / Math.log10(1 + max);
  const parts: string[] = [];
  let y = 6;
  for (const bar of bars) {
    const middle = y + (bar.values.length * ROW) / 2;
    parts.push(`<text class="label" x="${LABEL - 10}" y="${middle}">${escapeHtml(bar.label)}</text>`);
    for (const [index, { name, value }] of bar.values.entries()) {
      const length = scale(value);
      const title = `<title>${escapeHtml(`${bar.label}, ${name}: ${value} ${unit}`)}</title>`;
      parts.push(
        `<rect class="bar c${index}" x="${LABEL}" y="${y}" width="${length.toFixed(1)}" height="${ROW - 4}" rx="2">` +
          `${title}</rect>`,
        `<text class="value" x="${LABEL + length + 6}" y="${y + ROW / 2 - 2}">` +
          `${value} ${escapeHtml(unit)} <tspan class="quiet">${escapeHtml(name)}</tspan></text>`,
      );
      y += ROW;
    }
    y += GAP;
  }
  return `<svg viewBox="0 0 ${WIDTH} ${y}" role="img">${parts.join('')}</svg>`;
}

export interface MatrixCell {
  readonly row: string;
  readonly column: string;
  readonly isGood: boolean;
  readonly text: string;
  readonly title: string;
}

const CELL = 62;
const LINE = 24;
const HEAD = 130;

/** A matrix of squares: rows are mechanisms, columns are options. */
export function drawMatrix(cells: readonly MatrixCell[]): string {
  const rows = [...new Set(cells.map((one) => one.row))];
  const columns = [...new Set(cells.map((one) => one.column))];
  const parts = columns.map(
    (column, index) =>
      `<text class="label middle" x="${HEAD + (index + 0.5) * CELL}" y="14">${escapeHtml(column)}</text>`,
  );
  for (const [index, row] of rows.entries()) {
    parts.push(`<text class="label" x="${HEAD - 8}" y="${22 + (index + 0.5) * LINE}">${escapeHtml(row)}</text>`);
  }
  for (const cell of cells) {
    const x = HEAD + columns.indexOf(cell.column) * CELL;
    const y = 22 + rows.indexOf(cell.row) * LINE;
    parts.push(
      `<g><title>${escapeHtml(cell.title)}</title>` +
        `<rect class="${cell.isGood ? 'good' : 'bad'}" x="${x + 1}" y="${y + 1}" width="${CELL - 2}" ` +
        `height="${LINE - 2}" rx="3"/>` +
        `<text class="in middle" x="${x + CELL / 2}" y="${y + LINE / 2}">${escapeHtml(cell.text)}</text></g>`,
    );
  }
  const width = HEAD + columns.length * CELL + 4;
  const height = 26 + rows.length * LINE;
  const maxWidth = `max-width:${width * 1.25}px`;
  return `<svg viewBox="0 0 ${width} ${height}" style="${maxWidth}" role="img">${parts.join('')}</svg>`;
}
