import { test } from 'node:test';
import assert from 'node:assert/strict';
import {
  DEPTH_MAX,
  isSuspiciousLink,
  linkParts,
  personOf,
  safeHref,
  toParts,
  type HtmlNode,
  type Part,
} from './parts.ts';

function text(value: string): HtmlNode {
  return { nodeType: 3, nodeName: '#text', textContent: value, childNodes: [] };
}

function element(name: string, attributes: Record<string, string>, ...children: HtmlNode[]): HtmlNode {
  return {
    nodeType: 1,
    nodeName: name.toUpperCase(),
    textContent: children.map((child) => child.textContent).join(''),
    childNodes: children,
    getAttribute: (wanted) => attributes[wanted] ?? null,
  };
}

const root = (...children: HtmlNode[]) => element('body', {}, ...children);

test('known elements stay, unknown ones leave their text only', () => {
  const parts = toParts(root(element('strong', {}, text('a')), element('marquee', {}, text('b')), element('br', {})));
  assert.deepEqual(parts, [
    { kind: 'element', name: 'strong', parts: [{ kind: 'text', text: 'a' }] },
    { kind: 'text', text: 'b' },
    { kind: 'break' },
  ]);
});

test('a link with another scheme loses its address, a picture is its alternative text', () => {
  const parts = toParts(
    root(
      element('a', { href: 'javascript:alert(1)' }, text('x')),
      element('img', { src: 'https://t/x.png', alt: 'cat' }),
    ),
  );
  assert.deepEqual(parts, [
    { kind: 'text', text: 'x' },
    { kind: 'text', text: 'cat' },
  ]);
  for (const bad of ['data:text/html,x', ' jAvascript:x', '//host', 'file:///x', null])
    assert.equal(safeHref(bad), undefined);
});

test('the reply fallback is left out, a spoiler and a person are kept as such', () => {
  const parts = toParts(
    root(
      element('mx-reply', {}, text('old')),
      element('span', { 'data-mx-spoiler': 'end' }, text('dies')),
      element('a', { href: 'https://matrix.to/#/%40anna%3Ab' }, text('Anna')),
    ),
  );
  assert.deepEqual(
    parts.map((part) => part.kind),
    ['spoiler', 'person'],
  );
  assert.equal(personOf('matrix:u/anna:b'), '@anna:b');
});

test('nesting is cut at the limit', () => {
  let node = text('deep');
  for (let at = 0; at < DEPTH_MAX * 3; at += 1) node = element('b', {}, node);
  let depth = 0;
  let parts: readonly Part[] = toParts(root(node));
  while (parts[0]?.kind === 'element') {
    depth += 1;
    parts = parts[0].parts;
  }
  assert.ok(depth <= DEPTH_MAX);
  assert.deepEqual(parts, [{ kind: 'text', text: 'deep' }]);
});

test('addresses in plain text become links, their full stop does not', () => {
  const parts = linkParts('see https://example.org/a_(b). And https:// not');
  assert.equal(parts[1]?.kind === 'link' ? parts[1].href : '', 'https://example.org/a_(b');
  assert.equal(parts.map((part) => (part.kind === 'text' ? part.text : '*')).join(''), 'see *). And https:// not');
});

test('links that claim another host are suspicious', () => {
  assert.equal(isSuspiciousLink('https://evil.example/', 'https://bank.example/'), true);
  assert.equal(isSuspiciousLink('https://xn--bnk-6na.example/', 'my bank'), true);
  assert.equal(isSuspiciousLink('https://www.bank.example/', 'bank.example'), false);
  assert.equal(isSuspiciousLink('https://bank.example/', 'this page'), false);
});
