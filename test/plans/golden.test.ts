/**
 * What each topology of `test/fixtures/plans` comes to: the plan, its picture, and the files of every node.
 * `REWRITE_PLANS=1 node --test test/plans/golden.test.ts` writes them anew; the difference is then read by a person.
 */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { filesOf } from '../../src/cli/commands/render.ts';
import { checkConfig } from '../../src/cli/config/check.ts';
import { readFileSource } from '../../src/cli/config/sources.ts';
import { describePlan } from '../../src/deploy/planner/describe.ts';
import { planTopology } from '../../src/deploy/planner/index.ts';
import { drawPlan } from '../../src/deploy/planner/picture.ts';
import { parseTopology } from '../../src/deploy/topology/check.ts';
import type { Topology } from '../../src/deploy/topology/topology.ts';
import { planTexts } from '../../src/text/plan/index.ts';

const folder = fileURLToPath(new URL('../fixtures/plans', import.meta.url));
const TOPOLOGY = 'postern.topology.yaml';
const texts = planTexts('C');

function load(option: string): Topology {
  const text = readFileSync(path.join(folder, option, TOPOLOGY), 'utf8');
  const { topology, mistakes } = parseTopology(readFileSource(text, TOPOLOGY).value);
  assert.ok(topology !== undefined, JSON.stringify(mistakes));
  return topology;
}

/** Every file that belongs beside a topology, by its path. */
function expected(topology: Topology): Map<string, string> {
  const plan = planTopology(topology);
  const files = new Map([
    ['plan.json', `${JSON.stringify(plan, null, 2)}\n`],
    ['plan.txt', `${describePlan(plan, texts).join('\n')}\n`],
    ['plan.zh.txt', `${describePlan(plan, planTexts('zh_CN')).join('\n')}\n`],
    ['plan.svg', drawPlan(plan, texts)],
  ]);
  for (const node of topology.nodes.values()) {
    for (const { name, text } of filesOf({ topology, file: TOPOLOGY }, { node, words: texts }, '0.0.0')) {
      files.set(path.join(node.name, name), text);
    }
  }
  return files;
}

interface Box {
  readonly words: string;
  readonly left: number;
  readonly right: number;
  readonly y: number;
}

/** Where the texts of a picture lie, measured on the generous side. */
function textsOf(svg: string): Box[] {
  const pattern = /<text x="([\d.]+)" y="([\d.]+)" font-size="(\d+)"[^>]*text-anchor="(\w+)">([^<]*)<\/text>/g;
  return [...svg.matchAll(pattern)].map(([, x, y, size, anchor, words = '']) => {
    const width = [...words].reduce((sum, one) => sum + (one > '\u2e80' ? 1 : 0.59) * Number(size), 0);
    const left = anchor === 'start' ? Number(x) : Number(x) - width / 2;
    return { words, left, right: left + width, y: Number(y) };
  });
}

describe('the plan', () => {
  for (const option of readdirSync(folder)) {
    it(`of option ${option} is what it was, and so are its files`, () => {
      for (const [name, text] of expected(load(option))) {
        const file = path.join(folder, option, name);
        if (process.env['REWRITE_PLANS'] === '1') {
          mkdirSync(path.dirname(file), { recursive: true });
          writeFileSync(file, text);
        }
        assert.equal(text, readFileSync(file, 'utf8'), `${option}/${name}`);
      }
    });

    it(`of option ${option} renders configurations that are accepted`, () => {
      for (const [name, text] of expected(load(option))) {
        if (name.endsWith('postern.yaml')) checkConfig([readFileSource(text, name)]);
      }
    });

    it(`of option ${option} is drawn with no text upon another, in both languages`, () => {
      for (const locale of ['C', 'zh_CN.UTF-8']) {
        const svg = drawPlan(planTopology(load(option)), planTexts(locale));
        const boxes = textsOf(svg);
        const width = Number(/^<svg [^>]*width="([\d.]+)"/.exec(svg)?.[1]);
        assert.ok(boxes.length > 8, String(boxes.length));
        for (const [index, one] of boxes.entries()) {
          assert.ok(one.left >= 0 && one.right <= width, `${one.words} leaves the picture`);
          for (const other of boxes.slice(index + 1)) {
            const meets = one.left < other.right && other.left < one.right && Math.abs(one.y - other.y) < 13;
            assert.ok(!meets, `"${one.words}" lies upon "${other.words}"`);
          }
        }
        assert.doesNotMatch(svg, /<script|<foreignObject|href=|on\w+=/);
      }
    });
  }
});
