import { test } from 'node:test';
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DEPTH_MAX, isSuspiciousLink, linkParts, parseHtml, personOf, safeHref, type Part } from './parts.ts';
import { decodeEntities, tokenize } from './tokens.ts';

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => ('parts' in part ? textOf(part.parts) : 'text' in part ? part.text : '')).join('');
}

test('known elements stay, unknown ones leave their text only', () => {
  assert.deepEqual(parseHtml('<strong>a</strong><marquee>b</marquee><br/>'), [
    { kind: 'element', name: 'strong', parts: [{ kind: 'text', text: 'a' }] },
    { kind: 'text', text: 'b' },
    { kind: 'break' },
  ]);
});

test('a link with another scheme loses its address, a picture is its alternative text', () => {
  assert.deepEqual(parseHtml('<a href="javascript:alert(1)">x</a><img src="https://t/x.png" alt="cat">'), [
    { kind: 'text', text: 'x' },
    { kind: 'text', text: 'cat' },
  ]);
  assert.deepEqual(parseHtml('<a href="java&#115;cript:alert(1)">x</a>'), [{ kind: 'text', text: 'x' }]);
  for (const bad of ['data:text/html,x', ' jAvascript:x', '//host', 'file:///x', null])
    assert.equal(safeHref(bad), undefined);
});

test('scripts, styles, comments and declarations are not shown at all', () => {
  const html =
    'a<script>alert(1)</script><STYLE>x{}</style><!-- <b>c</b> --><!doctype x><?php y ?>b<script>never closed';
  assert.equal(textOf(parseHtml(html)), 'ab');
});

test('the reply fallback is left out, a spoiler, a person and code are kept as such', () => {
  const parts = parseHtml(
    '<mx-reply><blockquote>old</blockquote></mx-reply><span data-mx-spoiler="end">dies</span>' +
      '<a href=\'https://matrix.to/#/%40anna%3Ab\'>Anna</a><pre><code class="language-ts">if (a &lt; b)</code></pre>',
  );
  assert.deepEqual(
    parts.map((part) => part.kind),
    ['spoiler', 'person', 'code'],
  );
  assert.equal(parts[2]?.kind === 'code' ? parts[2].text : '', 'if (a < b)');
  assert.equal(personOf('matrix:u/anna:b'), '@anna:b');
});

test('lists and tables without end tags come out as written', () => {
  const [list] = parseHtml('<ol start="3"><li>a<li>b <b>c</b></ol>');
  assert.ok(list?.kind === 'element');
  assert.equal(list.start, 3);
  assert.deepEqual(
    list.parts.map((part) => textOf([part])),
    ['a', 'b c'],
  );
  const [table] = parseHtml('<table><tr><td>1<td>2<tr><td>3</table>');
  assert.equal(table?.kind === 'element' ? table.parts.length : 0, 2);
});

test('nesting is cut at the limit, and nothing of the text is lost', () => {
  const html = `${'<b>'.repeat(DEPTH_MAX * 3)}deep${'</b>'.repeat(DEPTH_MAX * 3)}end`;
  let depth = 0;
  let parts: readonly Part[] = parseHtml(html);
  assert.equal(textOf(parts), 'deepend');
  while (parts[0]?.kind === 'element') {
    depth += 1;
    parts = parts[0].parts;
  }
  assert.ok(depth <= DEPTH_MAX);
});

test('references are decoded once, odd ones stay or become the replacement character', () => {
  assert.equal(
    decodeEntities('&lt;b&gt; &amp;lt; &#65;&#x4e2d; &nope; &#0; &#xd800;'),
    '<b> &lt; A中 &nope; \ufffd \ufffd',
  );
  assert.equal(textOf(parseHtml('1 < 2 && 3 > 2 <')), '1 < 2 && 3 > 2 <');
});

test('adv-146 whatever is written, only known parts with safe addresses come out', () => {
  const piece = fc.constantFrom(
    '<',
    '>',
    '"',
    "'",
    '=',
    '/',
    '<a href="',
    'javascript:x',
    '<b',
    '<script>',
    '</',
    '<!--',
    '-->',
    '&#',
    'x',
    ' ',
  );
  const check = (parts: readonly Part[]): void => {
    for (const part of parts) {
      if (part.kind === 'link') assert.equal(safeHref(part.href), part.href);
      if ('parts' in part) check(part.parts);
    }
  };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => check(parseHtml(pieces.join('')))),
    { numRuns: 200 },
  );
});

test('a long hostile text takes no longer than its length', () => {
  for (const unit of ['<', '<a ', '<!--', '<b>', "<a b='", '&', '</x']) {
    const count = [...tokenize(unit.repeat(20_000))].length;
    assert.ok(count <= 40_000, unit);
  }
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
