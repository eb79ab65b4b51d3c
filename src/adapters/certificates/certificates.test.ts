import assert from 'node:assert/strict';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { FakeClock } from '../clock/fake-clock.ts';
import { createRandom } from '../random/index.ts';
import { createSelfSigned } from './index.ts';

test('a certificate signed by itself belongs to its key, has its time, and is another one each time', async () => {
  const clock = new FakeClock();
  const parts = { name: 'node', days: 30, clock, random: createRandom() };
  const [one, other] = await Promise.all([createSelfSigned(parts), createSelfSigned(parts)]);
  const parsed = new X509Certificate(one.certificate);
  assert.ok(parsed.checkPrivateKey(createPrivateKey(one.key)));
  assert.ok(parsed.verify(parsed.publicKey));
  assert.equal(parsed.subject, 'CN=node');
  assert.equal(Date.parse(parsed.validTo) - Date.parse(parsed.validFrom), 30 * 86_400_000);
  assert.ok(Date.parse(parsed.validFrom) <= clock.now() && clock.now() <= Date.parse(parsed.validTo));
  assert.notEqual(parsed.fingerprint256, new X509Certificate(other.certificate).fingerprint256);
});
