/**
 * A plan as a picture in SVG: zones as columns, users and nodes as boxes in them, and below one row for each flow, so
 * that no two texts can lie upon each other.
 */
import { fill } from '../../text/cli/index.ts';
import type { PlanTexts } from '../../text/plan/index.ts';
import { partnerText, purposeText } from './describe.ts';
import type { Flow, FlowPurpose, Plan } from './plan.ts';

type Zone = 'cn-isp' | 'cn-home' | 'cn-idc' | 'world';

interface Lane {
  readonly name: string;
  readonly zone: Zone;
  /** Lines of its box. */
  readonly lines: readonly string[];
  readonly x: number;
  readonly width: number;
}

const ZONES: readonly Zone[] = ['cn-isp', 'cn-home', 'cn-idc', 'world'];
const TINTS: Readonly<Record<Zone, string>> = {
  'cn-isp': '#eef4fb',
  'cn-home': '#f3f0fa',
  'cn-idc': '#eff7ef',
  world: '#fdf5ea',
};
const COLOURS: Readonly<Record<FlowPurpose, string>> = {
  client: '#1a5fb4',
  relayed: '#813d9c',
  link: '#1f7a3d',
  federation: '#b45309',
};

const MARGIN = 24;
const TITLE_HEIGHT = 56;
const HEAD_HEIGHT = 34;
const LINE_HEIGHT = 17;
const ROW_HEIGHT = 58;
const LANE_WIDTH_MIN = 190;
const GAP = 20;
const FONT = 'system-ui, sans-serif';

/** The picture, light and without any script. */
export function drawPlan(plan: Plan, texts: PlanTexts): string {
  const rows = plan.flows.map((flow) => ({ flow, labels: labelsOf(flow, texts) }));
  const words = [texts.options[plan.layout], ...rows.flatMap(({ labels }) => labels)];
  const widest = Math.max(...words.map(textWidth));
  const lanes = lanesOf(plan, texts);
  const last = lanes.at(-1);
  const width = Math.max(last === undefined ? 0 : last.x + last.width / 2, widest + 2 * MARGIN) + MARGIN;
  const boxLines = Math.max(...lanes.map(({ lines }) => lines.length));
  const boxTop = TITLE_HEIGHT + HEAD_HEIGHT;
  const boxBottom = boxTop + boxLines * LINE_HEIGHT + 14;
  const height = boxBottom + 30 + rows.length * ROW_HEIGHT + MARGIN;
  const title = fill(texts.svgTitle, { name: plan.name, option: plan.layout });
  const body = [
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text({ x: MARGIN, y: 26, size: 17, anchor: 'start', weight: 600 }, title),
    text({ x: MARGIN, y: 45, size: 12, anchor: 'start', fill: '#555555' }, texts.options[plan.layout]),
    ...bands(lanes, height, texts),
    ...lanes.map((lane) => lifeline(lane, boxBottom, height - MARGIN)),
    ...lanes.flatMap((lane) => box(lane, boxTop, boxBottom)),
    ...rows.flatMap(({ flow, labels }, index) =>
      arrow(flow, labels, { lanes, y: boxBottom + 44 + index * ROW_HEIGHT, width }),
    ),
  ];
  const size = `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img" font-family="${FONT}">`,
    `<title>${escapeXml(title)}</title>`,
    `<defs>${Object.entries(COLOURS).map(marker).join('')}</defs>`,
    ...body,
    '</svg>',
    '',
  ].join('\n');
}

function labelsOf(flow: Flow, texts: PlanTexts): readonly [string, string] {
  const { sni, places } = flow;
  const name = sni === null ? texts.flowNoSni : fill(texts.flowSni, { sni });
  const more = places.length > 1 ? ` +${places.length - 1}` : '';
  return [`${purposeText(flow, texts)} · ${name}`, `${places[0] ?? ''}${more}`];
}

/** Users and nodes from left to right: users inside first, users abroad last. */
function lanesOf(plan: Plan, texts: PlanTexts): Lane[] {
  const isThere = (users: string): boolean => plan.flows.some(({ from }) => from === users);
  const parts: Omit<Lane, 'x' | 'width'>[] = [];
  if (isThere('users-inside')) {
    parts.push({ name: 'users-inside', zone: 'cn-isp', lines: [partnerText('users-inside', texts)] });
  }
  for (const zone of ZONES) {
    for (const node of plan.nodes.filter((one) => one.zone === zone)) {
      const addresses = node.addresses.length === 0 ? [] : node.addresses;
      parts.push({ name: node.name, zone, lines: [node.name, node.server ?? texts.uses.relay, ...addresses] });
    }
  }
  if (isThere('users-outside')) {
    parts.push({ name: 'users-outside', zone: 'world', lines: [partnerText('users-outside', texts)] });
  }
  let at = MARGIN;
  return parts.map((part) => {
    const width = Math.max(LANE_WIDTH_MIN, ...part.lines.map((one) => textWidth(one) + 48));
    const x = at + width / 2;
    at += width + GAP;
    return { ...part, x, width };
  });
}

function bands(lanes: readonly Lane[], height: number, texts: PlanTexts): string[] {
  return ZONES.flatMap((zone) => {
    const own = lanes.filter((lane) => lane.zone === zone);
    const [first] = own;
    const last = own.at(-1);
    if (first === undefined || last === undefined) return [];
    const left = first.x - first.width / 2;
    const width = last.x + last.width / 2 - left;
    const top = TITLE_HEIGHT;
    const frame = `x="${left}" y="${top}" width="${width}" height="${height - top - MARGIN / 2}" rx="8"`;
    const border =
      zone === 'world' && left > MARGIN
        ? [
            `<line x1="${left - GAP / 2}" y1="${top}" x2="${left - GAP / 2}" y2="${height - MARGIN / 2}" ` +
              'stroke="#c01c28" stroke-width="3" stroke-dasharray="8 5"/>',
          ]
        : [];
    const label = texts.zones[zone];
    return [
      `<rect ${frame} fill="${TINTS[zone]}"/>`,
      ...border,
      text({ x: left + width / 2, y: top + 22, size: 13, weight: 600, fill: '#444444' }, label),
    ];
  });
}

function lifeline({ x }: Lane, top: number, bottom: number): string {
  return `<line x1="${x}" y1="${top}" x2="${x}" y2="${bottom}" stroke="#9a9a9a" stroke-dasharray="2 4"/>`;
}

function box({ x, width, lines }: Lane, top: number, bottom: number): string[] {
  const left = x - width / 2 + 10;
  const frame = `x="${left}" y="${top}" width="${width - 20}" height="${bottom - top}" rx="6"`;
  const style = 'fill="#ffffff" stroke="#555555" stroke-width="1.2"';
  return [
    `<rect ${frame} ${style}/>`,
    ...lines.map((line, index) => {
      const y = top + 20 + index * LINE_HEIGHT;
      return text({ x, y, size: 12, weight: index === 0 ? 600 : 400 }, line);
    }),
  ];
}

function arrow(
  { from, to, purpose }: Flow,
  labels: readonly [string, string],
  { lanes, y, width }: { readonly lanes: readonly Lane[]; readonly y: number; readonly width: number },
): string[] {
  const start = lanes.find(({ name }) => name === from)?.x ?? 0;
  const end = lanes.find(({ name }) => name === to)?.x ?? 0;
  const colour = COLOURS[purpose];
  const dash = purpose === 'link' ? ' stroke-dasharray="7 4"' : '';
  const line = `x1="${start}" y1="${y}" x2="${end > start ? end - 2 : end + 2}" y2="${y}"`;
  return [
    ...labels.flatMap((label, index) => {
      const half = textWidth(label) / 2;
      const x = Math.min(Math.max((start + end) / 2, MARGIN + half), width - MARGIN - half);
      const baseline = index === 0 ? y - 10 : y + 18;
      const back = `x="${x - half - 3}" y="${baseline - 11}" width="${2 * half + 6}" height="15" rx="3"`;
      return [
        `<rect ${back} fill="#ffffff" fill-opacity="0.88"/>`,
        text({ x, y: baseline, size: 12, fill: colour, weight: index === 0 ? 600 : 400 }, label),
      ];
    }),
    `<circle cx="${start}" cy="${y}" r="3" fill="${colour}"/>`,
    `<line ${line} stroke="${colour}" stroke-width="2"${dash} marker-end="url(#${purpose})"/>`,
  ];
}

function marker([purpose, colour]: readonly [string, string]): string {
  const box = 'viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"';
  return `<marker id="${purpose}" ${box}><path d="M0 0 L10 5 L0 10 z" fill="${colour}"/></marker>`;
}

interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly size: number;
  readonly anchor?: 'start' | 'middle';
  readonly fill?: string;
  readonly weight?: number;
}

function text({ x, y, size, anchor = 'middle', fill: colour = '#1c1c1c', weight = 400 }: TextStyle, words: string) {
  const style = `font-size="${size}" font-weight="${weight}" fill="${colour}" text-anchor="${anchor}"`;
  return `<text x="${x}" y="${y}" ${style}>${escapeXml(words)}</text>`;
}

/** An upper bound of the width of a text in 12 px, good enough to keep things apart. */
function textWidth(words: string): number {
  let width = 0;
  for (const one of words) width += one > '\u2e80' ? 13 : 7.2;
  return Math.ceil(width);
}

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
