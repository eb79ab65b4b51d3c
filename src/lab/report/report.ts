/** The report of a run: one page without scripts, drawn from its lines. Pure. */
import type { CellResult, IslandResult, LatencyResult, Result, RunHead } from '../run/results.ts';
import { drawBars, drawMatrix, escapeHtml } from './draw.ts';
import { type Rating, type Stars, starsOf } from './stars.ts';
import { FOUNDING, WEIGHTS } from './weights.ts';

/** What each option is, for people. */
export type Abouts = ReadonlyMap<string, string>;

/** Writes the page. */
export function renderReport(all: readonly Result[], abouts: Abouts): string {
  const heads = all.filter((one) => one.kind === 'run');
  const results = latestOf(all);
  const cells = results.filter((one) => one.kind === 'cell');
  const latencies = results.filter((one) => one.kind === 'latency');
  const body = [
    `<h1>Postern lab</h1>`,
    ...heads.map(aboutRun),
    `<h2>Stars</h2>`,
    starTable(starsOf(results, WEIGHTS), abouts),
    `<p class="quiet">Computed from what follows by the weights of version ${WEIGHTS.version}, below. ` +
      'Small, below them: what the founding article gave.</p>',
    section('What each option survives', cells.length > 0, () => drawMatrix(cells.map(cellOf)) + failures(cells)),
    section('From the key to the answer of the own server, p95', latencies.length > 0, () => acks(latencies)),
    section('From the key to the other screen, p95', latencies.length > 0, () => screens(latencies)),
    section('All times', latencies.length > 0, () => latencyTable(latencies)),
    others(results),
    `<h2>Weights, version ${WEIGHTS.version}</h2>`,
    weightsTable(),
  ];
  return page(body.join('\n'));
}

/** Lines of several runs may stand one after the other: what was measured again replaces what was measured before. */
function latestOf(results: readonly Result[]): Result[] {
  const latest = new Map<string, Result>();
  for (const one of results) {
    const { kind } = one;
    const place = kind === 'run' ? one.at : one.option;
    const inner = kind === 'cell' ? one.mechanism : kind === 'latency' ? `${one.border} ${one.to}` : '';
    latest.set(`${kind} ${place} ${inner}`, one);
  }
  return [...latest.values()];
}

function section(title: string, isThere: boolean, draw: () => string): string {
  return isThere ? `<h2>${escapeHtml(title)}</h2>\n${draw()}` : '';
}

function aboutRun(head: RunHead): string {
  const approximate =
    head.backend === 'loopback' ? ' <strong>Approximate: loopback, no loss, no TCP of its own.</strong>' : '';
  const facts = `${head.at} · ${head.backend} · ${head.machine} · Postern ${head.version}`;
  return `<p class="quiet">${escapeHtml(facts)}.${approximate}</p><p><code>${escapeHtml(head.command)}</code></p>`;
}

function starTable(stars: readonly Stars[], abouts: Abouts): string {
  const rows = stars.map((one) => {
    const founding = FOUNDING[one.option];
    const cell = (rating: Rating | undefined, at: 0 | 1 | 2, show: (value: number) => string): string => {
      const was = founding === undefined ? '' : `<span class="was">${'★'.repeat(founding[at])}</span>`;
      if (rating === undefined) return `<td>–${was}</td>`;
      const empty = '☆'.repeat(3 - rating.stars);
      return `<td><span class="stars">${'★'.repeat(rating.stars)}${empty}</span> ${show(rating.value)}${was}</td>`;
    };
    return (
      `<tr><th>${escapeHtml(one.option)}</th><td>${escapeHtml(abouts.get(one.option) ?? '')}</td>` +
      cell(one.circumvention, 0, (value) => `${Math.round(value * 100)} %`) +
      cell(one.speed, 1, (value) => `${value} ms`) +
      cell(one.ease, 2, (value) => `${value}`) +
      '</tr>'
    );
  });
  const head = ['option', 'layout', 'circumvention', 'speed at evening', 'ease for people'];
  return table(head, rows);
}

function cellOf(cell: CellResult) {
  const why = cell.reasons.map((one) => `${one.reason} × ${one.count}`).join(', ');
  const failed = cell.failedAt === undefined ? '' : `failed at: ${cell.failedAt}; `;
  return {
    row: cell.mechanism,
    column: cell.option,
    isGood: cell.survived,
    text: cell.survived ? `${cell.seconds} s` : 'fails',
    title: `${cell.option} against ${cell.mechanism}: ${failed}${why || 'no censor acted'}`,
  };
}

function failures(cells: readonly CellResult[]): string {
  const rows = cells
    .filter((cell) => !cell.survived)
    .map((cell) => {
      const why = cell.reasons.map((one) => `${one.reason} × ${one.count}`).join(', ');
      const columns = [cell.option, cell.mechanism, cell.failedAt ?? '', why];
      return `<tr>${columns.map((one) => `<td>${escapeHtml(one)}</td>`).join('')}</tr>`;
    });
  if (rows.length === 0) return '';
  const inner = table(['option', 'mechanism', 'failed at', 'what the censors did'], rows);
  return `<details><summary>Why ${rows.length} of them fail</summary>${inner}</details>`;
}

function acks(latencies: readonly LatencyResult[]): string {
  return drawBars(
    groupBars(
      latencies.filter((one) => one.to === 'abroad'),
      (one) => one.ack.p95,
    ),
    'ms',
  );
}

function screens(latencies: readonly LatencyResult[]): string {
  return ['abroad', 'same-server']
    .map((to) => {
      const some = latencies.filter((one) => one.to === to);
      if (some.length === 0) return '';
      const where = to === 'abroad' ? 'to a person abroad' : 'to a person inside, on the same server';
      return `<h3>${where}</h3>${drawBars(
        groupBars(some, (one) => one.screen.p95),
        'ms',
      )}`;
    })
    .join('');
}

function groupBars(latencies: readonly LatencyResult[], value: (one: LatencyResult) => number) {
  const options = [...new Set(latencies.map((one) => one.option))];
  return options.map((option) => ({
    label: `option ${option}`,
    values: latencies.filter((one) => one.option === option).map((one) => ({ name: one.border, value: value(one) })),
  }));
}

function latencyTable(latencies: readonly LatencyResult[]): string {
  const rows = latencies.map((one) => {
    const { ack, screen } = one;
    const columns = [
      one.option,
      one.border,
      one.to,
      `${one.messages - one.lost} of ${one.messages}`,
      `${ack.p50} / ${ack.p95} / ${ack.p99}`,
      `${screen.p50} / ${screen.p95} / ${screen.p99}`,
    ];
    return `<tr>${columns.map((column) => `<td>${escapeHtml(column)}</td>`).join('')}</tr>`;
  });
  return table(['option', 'border', 'to', 'seen', 'answer, p50 / p95 / p99 ms', 'screen, p50 / p95 / p99 ms'], rows);
}

/** Measures that are a line each. */
function others(results: readonly Result[]): string {
  const rows: string[] = [];
  const add = (option: string, what: string, text: string): void => {
    rows.push(`<tr>${[option, what, text].map((one) => `<td>${escapeHtml(one)}</td>`).join('')}</tr>`);
  };
  for (const one of results) {
    if (one.kind === 'ease') {
      const steps = one.userSteps === 0 ? '' : ` and ${one.userSteps} on the device before`;
      add(one.option, 'ease', `${one.actions} actions${steps}, ${one.seconds} s to the first message that was read`);
    }
    if (one.kind === 'bytes') {
      const idle = `${Math.round(one.idlePerHour / 1_024)} KiB an idle hour`;
      add(one.option, 'bytes', `${one.perMessageSent} sent and ${one.perMessageReceived} received a message; ${idle}`);
    }
    if (one.kind === 'probe') {
      add(
        one.option,
        'probe',
        `${one.grade}: ${one.answers.map((answer) => `${answer.probe} → ${answer.answer}`).join('; ')}`,
      );
    }
    if (one.kind === 'foreign') {
      add(
        one.option,
        'third parties',
        one.packets === 0 ? 'no packet' : `${one.packets} packets: ${one.destinations.join(', ')}`,
      );
    }
    if (one.kind === 'island') add(one.option, 'island', describeIsland(one));
  }
  return section('Other measures', rows.length > 0, () => table(['option', 'measure', 'result'], rows));
}

function describeIsland(one: IslandResult): string {
  const order = one.inOrder ? 'in order' : 'out of order';
  const fate = `${one.sent} sent, ${one.lost} lost, ${one.doubled} doubled, ${order}`;
  const after = `${one.healMs} ms after it was whole; inside p95 ${one.localP95} ms`;
  return `border cut for ${one.cutSeconds} s: ${fate}, ${after}`;
}

function weightsTable(): string {
  const rows = Object.entries(WEIGHTS.mechanisms).map(
    ([name, weight]) => `<tr><td>${escapeHtml(name)}</td><td>${weight}</td></tr>`,
  );
  const { circumvention, speed, ease, userStepCounts } = WEIGHTS;
  const [few, some, most] = circumvention;
  const said =
    `Circumvention: ★ from ${few}, ★★ from ${some}, ★★★ from ${most} of the weight. ` +
    `Speed: ★★★ up to ${speed[0]} ms, ★★ up to ${speed[1]}, ★ up to ${speed[2]}. ` +
    `Ease: ★★★ up to ${ease[0]}, ★★ up to ${ease[1]}, ★ up to ${ease[2]}; ` +
    `a step on the device counts ${userStepCounts}.`;
  const inner = table(['mechanism', 'weight'], rows);
  return `<p>${escapeHtml(said)}</p><details><summary>Mechanisms</summary>${inner}</details>`;
}

function table(head: readonly string[], rows: readonly string[]): string {
  const columns = head.map((one) => `<th>${escapeHtml(one)}</th>`).join('');
  return `<div class="wide"><table><thead><tr>${columns}</tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

const STYLE = `
:root { color-scheme: light dark; --ink: #16201e; --quiet: #5c6a66; --page: #f7f9f8; --line: #d8e0dd;
  --good: #1f7a5c; --bad: #b3402e; --c0: #1f7a5c; --c1: #b9822b; --c2: #7a4fa3; --c3: #3f6fb0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e4ebe8; --quiet: #93a19c; --page: #121816; --line: #2c3633;
  --good: #2e8f6e; --bad: #c4543f; --c0: #38a07c; --c1: #d19a45; --c2: #a380cc; --c3: #6f9bd8; } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--page); margin: 0 auto;
  max-width: 60rem; padding: 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.2rem; margin-top: 2.2rem; } h3 { font-size: 1rem; font-weight: 600; }
.quiet { color: var(--quiet); fill: var(--quiet); }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
.stars { color: var(--c1); letter-spacing: .05em; } .was { display: block; color: var(--quiet); font-size: .75rem; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
svg text { fill: var(--ink); dominant-baseline: middle; } svg .label { text-anchor: end; }
svg .middle { text-anchor: middle; }
svg .value { font-size: 11px; } svg .quiet { fill: var(--quiet); } svg .in { fill: #fff; font-size: 11px; }
.good { fill: var(--good); } .bad { fill: var(--bad); }
.c0 { fill: var(--c0); } .c1 { fill: var(--c1); } .c2 { fill: var(--c2); } .c3 { fill: var(--c3); }
code { font-size: .85rem; overflow-wrap: anywhere; } summary { cursor: pointer; margin: .6rem 0; }`;

function page(body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Postern lab</title><style>${STYLE}</style></head>
<body>
${body}
</body></html>
`;
}
