/** Stars, grades and the page: drawn from results alone. */
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { escapeHtml } from '../../src/lab/report/draw.ts';
import { renderReport } from '../../src/lab/report/report.ts';
import { starsOf } from '../../src/lab/report/stars.ts';
import { WEIGHTS } from '../../src/lab/report/weights.ts';
import { describeAnswer, gradeProbes } from '../../src/lab/run/probe.ts';
import { countReasons, quantilesOf, readResults, type Result } from '../../src/lab/run/results.ts';
import { findSurprises } from '../../src/lab/scenario/expected.ts';
import { LAYOUTS } from '../../src/lab/scenario/layouts.ts';
import { MECHANISMS } from '../../src/lab/scenario/mechanisms.ts';
import { acceptSteps, countActions, firstMessageSteps, joinSteps } from '../../src/lab/scenario/steps.ts';
import { createCensor } from '../../src/lab/censor/create.ts';

const cell = (mechanism: string, survived: boolean): Result => ({
  kind: 'cell',
  option: '1',
  mechanism,
  number: 1,
  survived,
  seconds: 3,
  reasons: [{ reason: '<img>', count: 2 }],
  actions: 9,
  ...(!survived && { failedAt: 'open <script>' }),
});

const latency = (p95: number): Result => ({
  kind: 'latency',
  option: '1',
  border: 'evening',
  to: 'abroad',
  messages: 200,
  lost: 0,
  ack: { p50: 10, p95, p99: p95 },
  screen: { p50: 10, p95, p99: p95 },
});

test('stars are the weighted share, the p95 at evening, and the effort', () => {
  const weights = { ...WEIGHTS, mechanisms: { 'sni-rst': 3, ip: 1 } };
  const [stars] = starsOf([cell('sni-rst', true), cell('ip', false), cell('none', false), latency(150)], weights);
  assert.deepEqual(stars?.circumvention, { value: 0.75, stars: 2 });
  assert.deepEqual(stars?.speed, { value: 150, stars: 3 });
  assert.equal(stars?.ease, undefined, 'what was not measured gets no star');
  assert.equal(starsOf([latency(151)], weights)[0]?.speed?.stars, 2);
  assert.equal(starsOf([latency(2_001)], weights)[0]?.speed?.stars, 0);
  const ease = (userSteps: number): Result => ({
    kind: 'ease',
    option: '3',
    actions: 10,
    userSteps,
    seconds: 5,
    operatorParts: 2,
  });
  assert.equal(starsOf([ease(0)], weights)[0]?.ease?.stars, 3);
  assert.equal(starsOf([ease(4)], weights)[0]?.ease?.stars, 1);
});

test('cells that come to something else than they must are told', () => {
  const of = (option: string, mechanism: string, survived: boolean) =>
    ({ ...cell(mechanism, survived), option }) as Result;
  assert.deepEqual(findSurprises([of('1', 'dns', false), of('4t', 'sni-rst', true), of('9', 'dns', false)]), []);
  assert.deepEqual(findSurprises([of('1', 'dns', true), of('4t', 'none', false)]), [
    '1 against dns survived',
    '4t against none failed',
  ]);
});

test('every weight is of a mechanism that is there, and every mechanism makes censors for every layout', () => {
  const names = new Set(MECHANISMS.map((one) => one.name));
  assert.deepEqual(
    Object.keys(WEIGHTS.mechanisms).filter((name) => !names.has(name)),
    [],
  );
  for (const layout of LAYOUTS) {
    for (const mechanism of MECHANISMS) {
      for (const { rule } of mechanism.rules(layout)) createCensor(rule, { random: () => 0 });
    }
  }
});

test('the page holds what was measured, and nothing of it as markup', () => {
  const page = renderReport([cell('sni-rst', false), latency(90)], new Map([['1', 'one & only']]));
  assert.match(page, /one &amp; only/);
  assert.ok(!page.includes('<script') && !page.includes('<img>'));
  assert.match(page, /<svg/);
  assert.match(page, /prefers-color-scheme: dark/);
  assert.equal(escapeHtml('<a b="c">&'), '&lt;a b=&quot;c&quot;&gt;&amp;');
});

test('what was measured again replaces what was measured before', () => {
  const page = renderReport([cell('ip', false), cell('ip', true)], new Map());
  assert.ok(page.includes('class="good"') && !page.includes('class="bad"'));
});

test('names lead where the lab has them, in both families, so that no mismatch is found that is none', () => {
  const mismatch = MECHANISMS.find((one) => one.name === 'mismatch');
  const [layout] = LAYOUTS;
  assert.ok(mismatch !== undefined && layout !== undefined);
  const [placed] = mismatch.rules(layout);
  assert.ok(placed?.rule.kind === 'mismatch');
  assert.deepEqual(placed.rule.zone[0]?.addresses, ['203.0.113.20', '2001:db8:2::14']);
});

test('what a prober gets, in words, and what it may conclude', () => {
  const said = (text: string, end: 'open' | 'closed' | 'reset' | 'timeout') =>
    describeAnswer({ bytes: Buffer.from(text, 'latin1'), end });
  assert.equal(said('HTTP/1.1 404 Not Found\r\n\r\n', 'closed'), 'http 404');
  assert.equal(
    said('HTTP/1.1 200 OK\r\n\r\n{"versions":["v1.1"],"unstable_features":{"org.matrix.x":true}}', 'closed'),
    'matrix',
  );
  assert.equal(said('\x15\x03\x01\x00\x02', 'closed'), 'tls alert');
  assert.equal(said('', 'open'), 'silent');
  assert.equal(said('', 'reset'), 'reset');
  assert.equal(gradeProbes(['silent', 'silent']), 'silent');
  assert.equal(gradeProbes(['http 400', 'tls alert', 'closed']), 'web-site');
  assert.equal(gradeProbes(['http 200', 'matrix']), 'distinguishable');
  assert.equal(gradeProbes(['http 200', 'reset']), 'distinguishable');
});

test('actions are what a person does; results are counted, and read back', () => {
  assert.equal(countActions(joinSteps({ url: 'x', name: 'A' })), 5);
  assert.equal(countActions(firstMessageSteps({ to: '@b:c', text: 'x' })), 4);
  assert.equal(countActions(acceptSteps({ from: 'A', text: 'x' })), 2);
  assert.deepEqual(quantilesOf([5, 1, 3]), { p50: 3, p95: 5, p99: 5 });
  assert.deepEqual(countReasons(['a', 'b', 'a']), [
    { reason: 'a', count: 2 },
    { reason: 'b', count: 1 },
  ]);
  assert.deepEqual(readResults(`${JSON.stringify(latency(1))}\n{"kind":"ce`), [latency(1)]);
});
