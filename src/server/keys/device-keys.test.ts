import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { MatrixError } from '../../matrix/errors.ts';
import type { DeviceId, UserId } from '../../matrix/ids.ts';
import type { JsonObject, JsonValue } from '../../matrix/json.ts';
import type { Context } from '../context.ts';
import { Stream } from '../stream/index.ts';
import { KeyViewer } from './key-view.ts';
import { checkUpload, DeviceKeys } from './device-keys.ts';

const ME = '@me:a' as UserId;
const PHONE = 'PHONE' as DeviceId;

function device(changes: JsonObject = {}): JsonObject {
  return {
    user_id: ME,
    device_id: PHONE,
    algorithms: ['m.olm.v1.curve25519-aes-sha2'],
    keys: { 'ed25519:PHONE': 'abc' },
    signatures: { [ME]: { 'ed25519:PHONE': 'def' } },
    ...changes,
  };
}

function upload(parts: { deviceKeys?: JsonValue; oneTimeKeys?: JsonValue }): ReturnType<typeof checkUpload> {
  return checkUpload(ME, PHONE, { deviceKeys: undefined, oneTimeKeys: undefined, fallbackKeys: undefined, ...parts });
}

function refusal(parts: Parameters<typeof upload>[0]): string {
  try {
    upload(parts);
  } catch (error) {
    if (error instanceof MatrixError) return error.code;
    throw error;
  }
  return 'accepted';
}

describe('an upload of keys', () => {
  it('is kept as canonical JSON, without what others may add', () => {
    const { deviceKeys } = upload({ deviceKeys: device({ unsigned: { device_display_name: 'x' } }) });
    assert.equal(
      deviceKeys,
      '{"algorithms":["m.olm.v1.curve25519-aes-sha2"],"device_id":"PHONE","keys":{"ed25519:PHONE":"abc"},' +
        '"signatures":{"@me:a":{"ed25519:PHONE":"def"}},"user_id":"@me:a"}',
    );
  });

  it('names the device that sends it', () => {
    assert.equal(refusal({ deviceKeys: device() }), 'accepted');
    assert.equal(refusal({ deviceKeys: device({ user_id: '@eve:a' }) }), 'M_INVALID_PARAM');
    assert.equal(refusal({ deviceKeys: device({ device_id: 'OTHER' }) }), 'M_INVALID_PARAM');
  });

  it('has the form that others expect', () => {
    const wrong: JsonValue[] = [7, [], device({ algorithms: [1] }), device({ keys: { a: 1 } }), device({ keys: [] })];
    for (const deviceKeys of [...wrong, device({ signatures: 'x' }), device({ extra: 0.5 })]) {
      assert.equal(refusal({ deviceKeys }), 'M_BAD_JSON', JSON.stringify(deviceKeys));
    }
    assert.equal(refusal({ deviceKeys: device({ extra: 'x'.repeat(65_536) }) }), 'M_TOO_LARGE');
  });

  it('holds one-time keys of two forms, and no others', () => {
    const oneTimeKeys = { 'curve25519:A': 'key', 'signed_curve25519:B': { key: 'k', signatures: {} } };
    assert.deepEqual(upload({ oneTimeKeys }).oneTimeKeys, [
      { keyId: 'curve25519:A', json: '"key"' },
      { keyId: 'signed_curve25519:B', json: '{"key":"k","signatures":{}}' },
    ]);
    for (const [keyId, key] of [
      ['A', 'k'],
      [':A', 'k'],
      ['curve25519:', 'k'],
      ['c:A', 7],
      ['c:A', { key: 7 }],
    ] as const) {
      assert.equal(refusal({ oneTimeKeys: { [keyId]: key } }), 'M_BAD_JSON', keyId);
    }
    assert.equal(refusal({ oneTimeKeys: { 'c:A': 'x'.repeat(8_192) } }), 'M_TOO_LARGE');
    const many = Object.fromEntries(Array.from({ length: 1_001 }, (_, index) => [`c:${index}`, 'k']));
    assert.equal(refusal({ oneTimeKeys: many }), 'M_TOO_LARGE');
  });
});

/** One device with one-time keys, and a store that takes its time. */
function harness(name: string, keys: string[]) {
  const stream = new Stream();
  let whileReading: (() => void) | undefined;
  const later = async <T>(read: T): Promise<T> => {
    await new Promise(setImmediate);
    const meanwhile = whileReading;
    whileReading = undefined;
    meanwhile?.();
    return read;
  };
  const ofDevice = { user: ME, device: name as DeviceId };
  const store = {
    keys: {
      countOneTimeKeys: () => later(new Map([['signed_curve25519', keys.length]])),
      getFallbackKeys: async () => [],
      nextOneTimeKey: async () => (keys[0] === undefined ? undefined : { keyId: keys[0], json: '{"key":"k"}' }),
      getKeySignatures: async () => [],
      getDeviceKeys: async () => [{ ...ofDevice, json: '{"keys":{}}', displayName: undefined }],
      getCrossSigningKeys: async () => new Map(),
    },
    transact: async (write: (one: unknown) => void) => {
      const tasks: (() => void)[] = [];
      write({ keys: { deleteOneTimeKey: () => keys.shift() }, onCommit: (task: () => void) => tasks.push(task) });
      for (const task of tasks) task();
    },
  };
  const service = new DeviceKeys({ stream, store, serverName: 'a' } as unknown as Context);
  const claim = (): Promise<JsonObject> =>
    service.claim(new Map([[ME, new Map([[name as DeviceId, 'signed_curve25519']])]]));
  const meanwhile = (task: () => void): void => {
    whileReading = task;
  };
  return { service, claim, meanwhile };
}

describe("a device's one-time keys", () => {
  it('are given out once each', async () => {
    const { claim } = harness('PHONE', ['signed_curve25519:A', 'signed_curve25519:B']);
    const claims = await Promise.all([claim(), claim(), claim()]);
    assert.deepEqual(
      claims.map((one) => JSON.stringify(one)),
      [
        '{"@me:a":{"PHONE":{"signed_curve25519:A":{"key":"k"}}}}',
        '{"@me:a":{"PHONE":{"signed_curve25519:B":{"key":"k"}}}}',
        '{}',
      ],
    );
  });

  it('are found whatever the device is called', async () => {
    const { service, claim } = harness('__proto__', ['signed_curve25519:A']);
    assert.equal(JSON.stringify(await claim()), '{"@me:a":{"__proto__":{"signed_curve25519:A":{"key":"k"}}}}');
    const { device_keys: devices } = await service.query(new KeyViewer(ME), new Map([[ME, []]]));
    assert.equal(JSON.stringify(devices), '{"@me:a":{"__proto__":{"keys":{},"signatures":{},"unsigned":{}}}}');
  });

  it('are counted anew after a claim, also after one while they were counted', async () => {
    const { service, claim, meanwhile } = harness('PHONE', ['signed_curve25519:A', 'signed_curve25519:B']);
    let claimed: Promise<unknown> | undefined;
    meanwhile(() => {
      claimed = claim();
    });
    await service.summary(ME, PHONE);
    await claimed;
    assert.equal((await service.summary(ME, PHONE)).counts, '{"signed_curve25519":1}');
    await claim();
    assert.equal((await service.summary(ME, PHONE)).counts, '{"signed_curve25519":0}');
  });
});
