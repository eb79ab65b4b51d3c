import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describePlan } from '../../deploy/planner/describe.ts';
import { planTopology } from '../../deploy/planner/index.ts';
import { drawPlan } from '../../deploy/planner/picture.ts';
import { fill } from '../../text/cli/index.ts';
import { planTexts } from '../../text/plan/index.ts';
import type { Command } from '../command.ts';
import { printResult } from '../output.ts';
import { localeOf, topologyOf } from '../topology-of.ts';

export const plan: Command = {
  name: 'plan',
  about: (texts) => texts.commandPlan,
  usage: 'plan [--topology FILE] [--svg FILE]',
  options: [
    { name: 'topology', value: 'FILE', text: 'the topology; postern.topology.yaml unless named' },
    { name: 'svg', value: 'FILE', text: 'where a picture of the plan is written' },
  ],
  takesConfig: false,
  async run(run) {
    const { topology } = topologyOf(run);
    const made = planTopology(topology);
    const words = planTexts(localeOf(run));
    const svg = run.arguments.options.get('svg');
    if (svg !== undefined) writeFileSync(path.resolve(run.workingDir, svg), drawPlan(made, words));
    const wrote = svg === undefined ? [] : ['', fill(words.renderWrote, { file: svg })];
    const next = fill(words.planNext, { node: made.nodes[0]?.name ?? '' });
    printResult(run, made, [...describePlan(made, words), ...wrote, '', next]);
    return 0;
  },
};
