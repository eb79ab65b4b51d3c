/** A plan as lines of text. */
import { fill } from '../../text/cli/index.ts';
import type { PlanTexts } from '../../text/plan/index.ts';
import type { DnsRecord, Flow, Latency, Party, Plan, PlanNode, Remark } from './plan.ts';

/** Everything that the plan says, section by section. */
export function describePlan(plan: Plan, texts: PlanTexts): string[] {
  const { name, option, layout } = plan;
  const { sections } = texts;
  const title = fill(option === layout ? texts.title : texts.titleLayout, { name, option, layout });
  const section = (head: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', head, ...lines.map((line) => `  ${line}`)];
  const remarks = (list: readonly Remark[]): string[] => list.map((one) => `- ${remarkText(one, texts)}`);
  const certificates = plan.certificates.map(
    (one) => `- ${one.node}: ${[...one.names, texts.methods[one.method]].join(', ')}`,
  );
  return [
    title,
    texts.options[layout],
    ...section(
      sections.nodes,
      plan.nodes.flatMap((one) => nodeLines(one, plan, texts)),
    ),
    ...section(
      sections.flows,
      plan.flows.map((one) => `- ${flowLine(one, texts)}`),
    ),
    ...section(sections.add, recordLines(plan.dns.add, texts)),
    ...section(sections.never, remarks(plan.dns.never)),
    ...section(sections.devices, recordLines(plan.dns.devices, texts)),
    ...section(sections.certificates, certificates),
    ...section(
      sections.sees,
      plan.sees.flatMap((one) => partyLines(one, texts)),
    ),
    ...section(sections.latency, [...latencyLines(plan.latency, texts), ...foundingLines(plan, texts)]),
    ...section(sections.duties, remarks(plan.duties)),
    ...section(sections.warnings, remarks(plan.warnings)),
  ];
}

function remarkText({ name, values }: Remark, texts: PlanTexts): string {
  return fill(texts.remarks[name], values);
}

/** A node as it is, users in words. */
export function partnerText(name: string, texts: PlanTexts): string {
  return name === 'users-inside' || name === 'users-outside' ? texts.users[name] : name;
}

function nodeLines(node: PlanNode, plan: Plan, texts: PlanTexts): string[] {
  const runs = fill(texts.runs[node.runs], { server: node.server ?? plan.name });
  const open = node.open.map(({ port, uses }) =>
    fill(texts.nodeOpen, { port, uses: uses.map((one) => texts.uses[one]).join(', ') }),
  );
  const dials = node.dials.map(({ to, purpose, places }) =>
    fill(texts.nodeDials, { to, purpose: texts.purposes[purpose], places: places.join(', ') }),
  );
  const direct = node.openDirect.map((port) => fill(texts.nodeOpenDirect, { port }));
  const lines = [...(open.length === 0 ? [texts.nodeClosed] : open), ...direct, ...dials];
  const zone = texts.zones[node.zone];
  return [`- ${fill(texts.node, { name: node.name, zone, runs })}`, ...lines.map((line) => `    ${line}`)];
}

function flowLine(flow: Flow, texts: PlanTexts): string {
  return fill(texts.flow, {
    from: partnerText(flow.from, texts),
    to: flow.to,
    purpose: purposeText(flow, texts),
    places: flow.places.join(', '),
    sni: sniText(flow.sni, texts),
    border: flow.crossesBorder ? texts.flowBorder : '',
  });
}

/** What a flow is for; of a link also what it carries. */
export function purposeText({ purpose, carries }: Flow, texts: PlanTexts): string {
  const inner = carries.map((one) => texts.purposes[one]).join(', ');
  return inner === '' ? texts.purposes[purpose] : `${texts.purposes[purpose]} (${inner})`;
}

function sniText(sni: string | null, texts: PlanTexts): string {
  return sni === null ? texts.flowNoSni : fill(texts.flowSni, { sni });
}

function recordLines(records: readonly DnsRecord[], texts: PlanTexts): string[] {
  const shown = (value: string): string =>
    value === 'dynamic' ? texts.valueDynamic : value === 'ACME' ? texts.valueAcme : value;
  return records.map(({ name, type, value }) => `- ${name} ${type} ${shown(value)}`);
}

function partyLines({ party, lookups, connections, learns }: Party, texts: PlanTexts): string[] {
  const names = fill(texts.seesLookups, { names: lookups.join(', ') });
  const lines = [
    ...(lookups.length === 0 ? [] : [names]),
    ...connections.map(({ from, to, sni }) =>
      fill(texts.seesConnection, { from: partnerText(from, texts), to, sni: sniText(sni, texts) }),
    ),
    ...learns.map((one) => remarkText(one, texts)),
  ];
  return [`- ${texts.parties[party]}`, ...lines.map((line) => `    ${line}`)];
}

function latencyLines(latency: Latency, texts: PlanTexts): string[] {
  const shown = (time: number | null): string =>
    time === null ? texts.latencyUnknown : fill(texts.latencyTime, { time });
  const line = (when: string, times: Latency['calm']): string[] => {
    const [first, median, worst] = times.map(shown);
    const values = { when, first: first ?? '', median: median ?? '', worst: worst ?? '' };
    return times.every((time) => time === null) ? [] : [`- ${fill(texts.latencyLine, values)}`];
  };
  const { checks } = texts;
  return [
    ...line(texts.latencyCalm, latency.calm),
    ...line(texts.latencyEvening, latency.evening),
    `- ${fill(checks.idc, { state: checks[latency.idcCheck] })}`,
    `- ${fill(checks.poisoned, { state: checks[latency.poisonedName] })}`,
    `  ${texts.latencySource[latency.source]}`,
  ];
}

function foundingLines({ founding }: Plan, texts: PlanTexts): string[] {
  if (founding === null) return [];
  const stars = (count: number): string => '★'.repeat(count);
  const { circumvention, speed, ease } = founding;
  return [`- ${fill(texts.founding, { circumvention: stars(circumvention), speed: stars(speed), ease: stars(ease) })}`];
}
