/** matrix-js-sdk with Rust crypto: an encrypted conversation, verification by emoji, a backup restored elsewhere. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { EventType, type MatrixClient, type MatrixEvent, MsgType, type Room } from 'matrix-js-sdk';
import {
  type Verifier,
  VerificationPhase,
  type VerificationRequest,
  VerifierEvent,
} from 'matrix-js-sdk/lib/crypto-api/index.js';
import { passwordAuth, useServer, type User } from '../harness/index.ts';
import { CryptoEvent, eventually, type SdkClient, startSdk } from './matrix-js-sdk.ts';

const server = useServer();
const started: SdkClient[] = [];
after(() => started.forEach((one) => one.stop()));

async function start(user: User): Promise<SdkClient> {
  const sdk = await startSdk(user);
  started.push(sdk);
  return sdk;
}

async function encryptedRoom(alice: SdkClient, bob: SdkClient): Promise<string> {
  const { room_id: room } = await alice.client.createRoom({
    invite: [bob.client.getSafeUserId()],
    is_direct: true,
    initial_state: [{ type: EventType.RoomEncryption, state_key: '', content: { algorithm: 'm.megolm.v1.aes-sha2' } }],
  });
  await eventually(bob.client, () => bob.client.getRoom(room) ?? undefined);
  await bob.client.joinRoom(room);
  await eventually(alice.client, () =>
    alice.client.getRoom(room)?.getMember(bob.client.getSafeUserId())?.membership === 'join' ? true : undefined,
  );
  return room;
}

function received(client: MatrixClient, room: string, body: string): Promise<MatrixEvent> {
  return eventually(client, async () => {
    const events = client.getRoom(room)?.getLiveTimeline().getEvents() ?? [];
    for (const event of events) {
      if (event.isEncrypted()) await client.decryptEventIfNeeded(event);
      if (event.getContent()['body'] === body && !event.isDecryptionFailure()) return event;
    }
    return undefined;
  });
}

async function say(client: MatrixClient, room: string, body: string): Promise<void> {
  await client.sendMessage(room, { msgtype: MsgType.Text, body });
}

test('matrix-js-sdk: an encrypted room, both ways', { timeout: 60_000 }, async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const [a, b] = [await start(alice), await start(bob)];
  const room = await encryptedRoom(a, b);
  await say(a.client, room, 'from alice');
  const event = await received(b.client, room, 'from alice');
  assert.ok(event.isEncrypted(), 'it travelled encrypted');
  await say(b.client, room, 'from bob');
  await received(a.client, room, 'from bob');
});

async function bootstrap({ client }: SdkClient, user: User): Promise<void> {
  const crypto = client.getCrypto();
  assert.ok(crypto !== undefined);
  await crypto.bootstrapCrossSigning({
    authUploadDeviceSigningKeys: async (makeRequest) => {
      await makeRequest(passwordAuth(user) as never);
    },
  });
}

/** One side of a verification: accepts, compares nothing, confirms. */
async function confirmSas(verifier: Verifier): Promise<string> {
  const emoji = new Promise<string>((resolve, reject) => {
    verifier.once(VerifierEvent.ShowSas, (sas) => {
      const shown = (sas.sas.emoji ?? []).map(([one]) => one).join(' ');
      sas.confirm().then(() => resolve(shown), reject);
    });
    verifier.once(VerifierEvent.Cancel, (error) => reject(error instanceof Error ? error : new Error('cancelled')));
  });
  await verifier.verify();
  return await emoji;
}

function nextRequest(client: MatrixClient): Promise<VerificationRequest> {
  return new Promise((resolve) => client.once(CryptoEvent.VerificationRequestReceived, resolve));
}

function untilPhase(request: VerificationRequest, phase: VerificationPhase): Promise<void> {
  if (request.phase === phase) return Promise.resolve();
  return new Promise((resolve) => {
    const look = (): void => {
      if (request.phase !== phase) return;
      request.off('change' as never, look as never);
      resolve();
    };
    request.on('change' as never, look as never);
  });
}

async function verifyBySas(asker: VerificationRequest, other: VerificationRequest): Promise<void> {
  const ready = untilPhase(asker, VerificationPhase.Ready);
  await other.accept();
  await ready;
  const begun = untilPhase(other, VerificationPhase.Started);
  const verifier = await asker.startVerification('m.sas.v1');
  await begun;
  assert.ok(other.verifier !== undefined);
  const [one, two] = await Promise.all([confirmSas(verifier), confirmSas(other.verifier)]);
  assert.equal(one, two, 'both see the same emoji');
  assert.equal(one.split(' ').length, 7);
}

test('matrix-js-sdk: two users verify each other by emoji', { timeout: 60_000 }, async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const [a, b] = [await start(alice), await start(bob)];
  await bootstrap(a, alice);
  await bootstrap(b, bob);
  const room = await encryptedRoom(a, b);
  await say(a.client, room, 'hello');
  await received(b.client, room, 'hello');
  const crypto = a.client.getCrypto();
  assert.ok(crypto !== undefined);
  await crypto.getUserDeviceInfo([bob.id], true);
  const incoming = nextRequest(b.client);
  const request = await crypto.requestVerificationDM(bob.id, room);
  await verifyBySas(request, await incoming);
  const trusted = await eventually(a.client, async () =>
    (await crypto.getUserVerificationStatus(bob.id)).isCrossSigningVerified() ? true : undefined,
  );
  assert.ok(trusted);
});

/** Resolves when every room key has been uploaded; the client lets up to ten seconds pass before it begins. */
function untilBackedUp(client: MatrixClient): Promise<void> {
  return new Promise((resolve) => {
    client.on(CryptoEvent.KeyBackupSessionsRemaining, (remaining) => {
      if (remaining === 0) resolve();
    });
  });
}

test('matrix-js-sdk: a backup is made, and restored on a new device by the recovery key', {
  timeout: 60_000,
}, async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const [a, b] = [await start(alice), await start(bob)];
  await bootstrap(a, alice);
  const crypto = a.client.getCrypto();
  assert.ok(crypto !== undefined);
  const recovery = await crypto.createRecoveryKeyFromPassphrase();
  await crypto.bootstrapSecretStorage({ createSecretStorageKey: async () => recovery, setupNewKeyBackup: true });
  const room = await encryptedRoom(a, b);
  const backedUp = untilBackedUp(a.client);
  await say(b.client, room, 'kept in the backup');
  await received(a.client, room, 'kept in the backup');
  await backedUp;
  const phone = await start(await alice.login());
  phone.secrets.set('any', recovery.privateKey as Uint8Array<ArrayBuffer>);
  const fresh = phone.client.getCrypto();
  assert.ok(fresh !== undefined);
  await fresh.loadSessionBackupPrivateKeyFromSecretStorage();
  const result = await fresh.restoreKeyBackup();
  assert.ok(result.imported > 0, 'keys came out of the backup');
  await received(phone.client, room, 'kept in the backup');
});

test('matrix-js-sdk: edits, reactions, threads, redactions and receipts arrive', { timeout: 60_000 }, async () => {
  const [alice, bob] = await server.users('alice', 'bob');
  const [a, b] = [await start(alice), await start(bob)];
  const { room_id: room } = await a.client.createRoom({ preset: 'public_chat' as never });
  await b.client.joinRoom(room);
  const { event_id: event } = await a.client.sendMessage(room, { msgtype: MsgType.Text, body: 'first' });
  const seen = await received(b.client, room, 'first');
  await b.client.sendEvent(room, EventType.Reaction, {
    'm.relates_to': { rel_type: 'm.annotation' as never, event_id: event, key: '+' },
  });
  await b.client.sendReadReceipt(seen);
  await eventually(a.client, () => {
    const known: Room | null = a.client.getRoom(room);
    return known?.getReadReceiptForUserId(bob.id, true)?.eventId === event ? true : undefined;
  });
  await a.client.redactEvent(room, event);
  await eventually(b.client, () =>
    b.client.getRoom(room)?.findEventById(event)?.isRedacted() === true ? true : undefined,
  );
});
