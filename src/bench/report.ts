/** The results as one HTML page with drawn bars: no script, nothing from elsewhere. Pure. */
import type { ResultLine } from './run.ts';

interface Bar {
  readonly label: string;
  readonly values: readonly { readonly target: string; readonly value: number }[];
}

const COLOURS = ['#0b6b5c', '#b0551f', '#3a5bbf', '#8a3a8f', '#6b6b00'];
const STYLE = [
  'body{font:16px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem}',
  'body{color:#16211f;background:#fff}',
  'h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2.5rem}p.about{color:#55625f}div{overflow-x:auto}',
  'table{border-collapse:collapse;width:100%;margin:.5rem 0}',
  'td,th{text-align:right;padding:.2rem .6rem;border-bottom:1px solid #dde4e2;font-variant-numeric:tabular-nums}',
  'td:first-child,th:first-child{text-align:left}.void{color:#a3241c;font-weight:600}',
  'svg text{font:12px system-ui,sans-serif;fill:#16211f}',
  '@media(prefers-color-scheme:dark){body{color:#e4ebe9;background:#121716}p.about{color:#9fb0ac}',
  'td,th{border-color:#2b3533}svg text{fill:#e4ebe9}}',
].join('');

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

const MAIN_VALUES = [
  'perSecond',
  'p50Ms',
  'ms',
  'diskBytesPerChange',
  'restartMs',
  'restartP50Ms',
  'uploadMbPerSecond',
];

/** The figure that stands for a scenario, and its unit. */
function mainValue(values: Readonly<Record<string, number>>): string | undefined {
  return MAIN_VALUES.find((name) => name in values);
}

function drawBars(bars: readonly Bar[], unit: string): string {
  const most = Math.max(...bars.flatMap((bar) => bar.values.map((one) => one.value)), 1e-9);
  const rows: string[] = [];
  let y = 0;
  for (const bar of bars) {
    rows.push(`<text x="0" y="${y + 14}">${escape(bar.label)}</text>`);
    for (const [index, { target, value }] of bar.values.entries()) {
      y += 20;
      const width = Math.max(1, (value / most) * 420);
      const colour = COLOURS[index % COLOURS.length];
      const size = `width="${width.toFixed(1)}" height="14" rx="3"`;
      rows.push(`<rect x="0" y="${y}" ${size} fill="${colour}"/>`);
      rows.push(`<text x="${(width + 6).toFixed(1)}" y="${y + 12}">${value} ${unit} · ${escape(target)}</text>`);
    }
    y += 26;
  }
  return `<svg role="img" width="720" height="${y}" viewBox="0 0 720 ${y}">${rows.join('')}</svg>`;
}

function groupBy(lines: readonly ResultLine[], keyOf: (line: ResultLine) => string): Map<string, ResultLine[]> {
  const groups = new Map<string, ResultLine[]>();
  for (const line of lines) groups.set(keyOf(line), [...(groups.get(keyOf(line)) ?? []), line]);
  return groups;
}

function labelOf(line: ResultLine): string {
  return Object.entries(line.parameters)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ');
}

function section(scenario: string, about: string, lines: readonly ResultLine[]): string {
  const name = lines.map((line) => mainValue(line.values)).find((one) => one !== undefined);
  const groups = groupBy(lines, labelOf);
  const bars: Bar[] = [...groups].map(([label, group]) => ({
    label,
    values: group.flatMap((line) =>
      name !== undefined && line.values[name] !== undefined ? [{ target: line.target, value: line.values[name] }] : [],
    ),
  }));
  const columns = [...new Set(lines.flatMap((line) => Object.keys(line.values)))];
  const titles = ['parameters', 'target', ...columns, 'verdict'];
  const head = `<tr>${titles.map((one) => `<th>${escape(one)}</th>`).join('')}</tr>`;
  const rows = lines.map((line) => {
    const cells = columns.map((one) => `<td>${line.values[one] ?? ''}</td>`).join('');
    const verdict =
      line.verdict === 'valid' ? '<td>valid</td>' : `<td class="void">${line.verdict}: ${escape(line.why ?? '')}</td>`;
    return `<tr><td>${escape(labelOf(line))}</td><td>${escape(line.target)}</td>${cells}${verdict}</tr>`;
  });
  const plot = name === undefined ? '' : drawBars(bars, escape(name));
  const table = `<div><table>${head}${rows.join('')}</table></div>`;
  return `<h2>${scenario}</h2><p class="about">${escape(about)}</p>${plot}${table}`;
}

/** The page. */
export function renderReport(lines: readonly ResultLine[], abouts: ReadonlyMap<string, string>): string {
  const scenarios = groupBy(lines, (line) => line.scenario);
  const sections = [...scenarios].map(([name, group]) => section(name, abouts.get(name) ?? '', group));
  const [first] = lines;
  const facts =
    first === undefined
      ? ''
      : `${first.host.cpus} × ${first.host.cpu}, Node ${first.host.node}, ${first.at.slice(0, 16)} UTC`;
  const note = 'The load generator shares the machine. Every acknowledged write is on disk before its answer.';
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>Postern bench</title><style>${STYLE}</style><h1>Postern bench</h1>`,
    `<p class="about">${escape(facts)}. ${note}</p>${sections.join('')}</html>`,
    '',
  ].join('\n');
}
