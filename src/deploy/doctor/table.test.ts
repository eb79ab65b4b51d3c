import assert from 'node:assert/strict';
import { it } from 'node:test';
import { tableChinese, tableEnglish } from '../../text/doctor/table.ts';
import type { RouteFact } from '../topology/network-facts.ts';
import { routeTable } from './table.ts';

const NOW = Date.UTC(2026, 10, 24);
const blocked: RouteFact = {
  route: 'https://k3f9.example.org:40443',
  host: 'k3f9.example.org',
  port: 40_443,
  address: '192.0.2.1',
  tcp: 'open',
  isOtherPortOpen: undefined,
  bare: 'ok',
  other: 'ok',
  named: 'reset',
  after: 'ok',
  residualMs: undefined,
  certificate: undefined,
  clockAheadMs: undefined,
  transfer: undefined,
  passesLarge: undefined,
};
const good: RouteFact = {
  ...blocked,
  route: 'https://203.0.113.20',
  named: undefined,
  certificate: { validFrom: NOW, validTo: NOW + 5 * 86_400_000, issuer: 'CA', fits: true, isTrusted: true },
  transfer: { bytes: 70_000, ms: 250, hasStalled: false },
};

it('the table of routes is one line each, its columns under each other in both languages', () => {
  const facts = { routes: [blocked, good], nowMs: NOW };
  assert.deepEqual(routeTable(facts, tableEnglish), [
    'route                           connection  no name  other name  its name  days left  kB/s',
    'https://k3f9.example.org:40443  open        yes      yes         reset     –          –',
    'https://203.0.113.20            open        yes      yes         –         5          280',
  ]);
  assert.deepEqual(routeTable(facts, tableChinese), [
    '路由                            连接  不带名称  其他名称  自己的名称  剩余天数  kB/秒',
    'https://k3f9.example.org:40443  通    有应答    有应答    被重置      –         –',
    'https://203.0.113.20            通    有应答    有应答    –           5         280',
  ]);
  assert.deepEqual(routeTable({ routes: [], nowMs: NOW }, tableEnglish), []);
});
