import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { keyOf, verifyEd25519 } from '../../../test/fixtures/ed25519.ts';
import { encodeBase64 } from '../../lib/base64.ts';
import { canonicalJson } from '../../matrix/canonical-json.ts';
import { parseServerName, type ServerName } from '../../matrix/ids.ts';
import { formatAuthorization, parseAuthorization, type RequestAuthorization, requestText } from './request.ts';
import { isJsonSignedBy, type VerifySignature } from './verify.ts';

function server(text: string): ServerName {
  const name = parseServerName(text);
  assert.ok(name !== undefined);
  return name;
}

const ORIGIN = server('origin.hs.example.com');
const DESTINATION = server('destination.hs.example.com');
const BYTES = new Uint8Array(64).fill(7);
const SIG = encodeBase64(BYTES);

test('the signed text is the canonical JSON of what the specification lists', () => {
  const request = { method: 'POST', target: '/_matrix/x?a=b%20c', origin: ORIGIN, destination: DESTINATION };
  const { method, target: uri, origin, destination } = request;
  for (const content of [{}, { z: 1, a: ['é'] }]) {
    const text = requestText({ ...request, content: canonicalJson(content) });
    assert.equal(text, canonicalJson({ method, uri, origin, destination, content }));
  }
  assert.equal(requestText({ ...request, content: undefined }), canonicalJson({ method, uri, origin, destination }));
  assert.equal(
    requestText({ ...request, content: '{}', destination: undefined }),
    canonicalJson({ method, uri, origin, content: {} }),
  );
});

test('a signature over the text is a signature of the JSON', () => {
  const key = keyOf(ORIGIN, 1);
  const json = { method: 'PUT', uri: '/_matrix/x', origin: ORIGIN, destination: DESTINATION, content: { a: 1 } };
  const { uri: target, content } = json;
  const signature = key.sign(requestText({ ...json, target, content: canonicalJson(content) }));
  const signatures = { [ORIGIN]: { [key.keyId]: encodeBase64(signature) } };
  const verify: VerifySignature = verifyEd25519;
  assert.equal(isJsonSignedBy({ ...json, signatures }, key, verify), true);
  assert.equal(isJsonSignedBy({ ...json, method: 'POST', signatures }, key, verify), false);
});

test('the header as it is written', () => {
  const one = { keyId: 'ed25519:key1', signature: BYTES };
  assert.equal(
    formatAuthorization({ origin: ORIGIN, destination: DESTINATION }, one),
    `X-Matrix origin="${ORIGIN}",destination="${DESTINATION}",key="ed25519:key1",sig="${SIG}"`,
  );
});

function parse(...headers: string[]): RequestAuthorization | undefined {
  return parseAuthorization(headers);
}

test('every form of the header that the specification allows', () => {
  const expected = { origin: ORIGIN, destination: DESTINATION, signatures: [{ keyId: 'ed25519:1', signature: BYTES }] };
  const cases = [
    `X-Matrix origin="${ORIGIN}",destination="${DESTINATION}",key="ed25519:1",sig="${SIG}"`,
    `x-matrix   origin="${ORIGIN}",destination="${DESTINATION}",key="ed25519:1",sig="${SIG}"`,
    `X-Matrix sig="${SIG}" \t, KEY="ed25519:1"\t,\tOrigin="${ORIGIN}" , destination="${DESTINATION}"`,
    `X-Matrix origin=${ORIGIN},destination=${DESTINATION},key=ed25519:1,sig="${SIG}"`,
    `X-Matrix origin = ${ORIGIN},destination\t=\t"${DESTINATION}",key="ed25519:1",sig="${SIG}"`,
    `X-Matrix origin="\\o\\rigin.hs.example.com",destination="${DESTINATION}",key="ed25519:1",sig="${SIG}"`,
    `X-Matrix origin=${ORIGIN},destination=${DESTINATION},key="ed25519:1",sig="${SIG}",new="a\\"b,c=d \\\\"`,
    `X-Matrix ,,origin=${ORIGIN},, destination=${DESTINATION},key="ed25519:1",sig="${SIG}",`,
    `X-Matrix origin=${ORIGIN},destination=${DESTINATION},key="ed25519:1",signature="${SIG}"`,
    `X-Matrix origin=${ORIGIN},destination=${DESTINATION},key="ed25519:1",sig="${SIG}=="`,
  ];
  for (const header of cases) assert.deepEqual(parse(header), expected, header);
});

test('a port, an IPv6 literal, and a server that names no destination', () => {
  const parsed = parse(`X-Matrix origin="[2001:db8::1]:8448",key="ed25519:a_b",sig="${SIG}"`);
  assert.equal(parsed?.origin, '[2001:db8::1]:8448');
  assert.equal(parsed?.destination, undefined);
  assert.equal(parse(`X-Matrix origin=a.example:8448,key=ed25519:1,sig="${SIG}"`)?.origin, 'a.example:8448');
});

test('malformed headers authenticate nobody', () => {
  const good = `X-Matrix origin="a.example",key="ed25519:1",sig="${SIG}"`;
  assert.notEqual(parse(good), undefined, 'the set-up itself is good');
  const cases: [string, string][] = [
    ['no header', ''],
    ['another scheme', good.replace('X-Matrix', 'Bearer')],
    ['a scheme that begins likewise', good.replace('X-Matrix', 'X-Matrix2')],
    ['no parameters', 'X-Matrix '],
    ['no origin', good.replace('origin=', 'origins=')],
    ['no key', good.replace('key=', 'keys=')],
    ['no signature', good.replace('sig=', 'sigs=')],
    ['an empty origin', good.replace('a.example', '')],
    ['an origin that is no server name', good.replace('a.example', 'a/example')],
    ['a destination that is no server name', `${good},destination="b example"`],
    ['a name twice', `${good},origin="a.example"`],
    ['a name twice in another case', `${good},ORIGIN="b.example"`],
    ['an open quote', good.slice(0, -1)],
    ['a backslash at the end', `${good.slice(0, -1)}\\`],
    ['text behind a value', `${good} x`],
    ['no comma', good.replace(',', ' ')],
    ['semicolons', good.replaceAll(',', ';')],
    ['a short signature', good.replace(SIG, SIG.slice(0, 40))],
    ['a signature that is no base64', good.replace(SIG, '!'.repeat(86))],
    ['an unquoted signature with slashes', good.replace(`"${SIG}"`, `${SIG.slice(0, 85)}/`)],
    ['a control character', good.replace('a.example', 'a\x00.example')],
    ['a quote inside a key id', good.replace('ed25519:1', 'ed25519:\\"')],
    ['a long header', `${good},x="${'y'.repeat(5000)}"`],
  ];
  for (const [what, header] of cases) assert.equal(parse(header), undefined, what);
  assert.equal(parse(), undefined);
});

test('several headers: one for each key of the same server, others of other schemes beside them', () => {
  const header = (key: string, origin = 'a.example', destination = 'b.example'): string =>
    `X-Matrix origin="${origin}",destination="${destination}",key="${key}",sig="${SIG}"`;
  const parsed = parse('Bearer abc', header('ed25519:1'), header('ed25519:2'));
  assert.deepEqual(
    parsed?.signatures.map(({ keyId }) => keyId),
    ['ed25519:1', 'ed25519:2'],
  );
  assert.equal(parse(header('ed25519:1'), header('ed25519:1')), undefined, 'the same key twice');
  assert.equal(parse(header('ed25519:1'), header('ed25519:2', 'c.example')), undefined, 'another origin');
  assert.equal(parse(header('ed25519:1'), header('ed25519:2', 'a.example', 'c.example')), undefined, 'another place');
  assert.equal(parse(header('ed25519:1'), 'X-Matrix x'), undefined, 'a malformed one among good ones');
  const many = (count: number) => Array.from({ length: count }, (_, i) => header(`ed25519:${i}`));
  assert.equal(parse(...many(8))?.signatures.length, 8);
  assert.equal(parse(...many(9)), undefined, 'too many');
});

const serverName = fc
  .stringMatching(/^(?:[a-z0-9.-]{1,40}|\[[0-9a-f:]{2,39}\])(?::[0-9]{1,5})?$/)
  .map((text) => server(text));
const keyId = fc.stringMatching(/^ed25519:[a-zA-Z0-9_]{1,20}$/);
const signature = fc.uint8Array({ minLength: 64, maxLength: 64 });

test('what is written is read', () => {
  fc.assert(
    fc.property(
      serverName,
      fc.option(serverName, { nil: undefined }),
      keyId,
      signature,
      (origin, destination, id, sig) => {
        const one = { keyId: id, signature: sig };
        const header = formatAuthorization({ origin, destination }, one);
        assert.deepEqual(parse(header), { origin, destination, signatures: [one] });
      },
    ),
  );
});

test('arbitrary text is refused or read, in bounded time, without an exception', () => {
  const piece = fc.oneof(
    fc.constantFrom('origin', 'key', 'sig', '=', '"', '\\', ',', ' ', '\t', 'a.example', 'ed25519:1', SIG, `"${SIG}"`),
    fc.string({ unit: 'binary', maxLength: 5 }),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
      const parsed = parse(`X-Matrix ${pieces.join('')}`);
      assert.ok(parsed === undefined || parsed.signatures.length === 1);
    }),
    { numRuns: 500 },
  );
  const before = process.hrtime.bigint();
  for (const filler of [' ', ',', '"', '\\', 'a', 'a=', '="', ' ,']) parse(`X-Matrix ${filler.repeat(2000)}`);
  assert.ok(process.hrtime.bigint() - before < 1_000_000_000n);
});
