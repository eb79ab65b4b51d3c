/** Encrypting and decrypting of room events. Trust is decided here and nowhere else (CLIENT.md §8.8). */
import {
  CollectStrategy,
  DecryptionErrorCode,
  DecryptionSettings,
  EncryptionAlgorithm,
  EncryptionSettings,
  HistoryVisibility,
  LocalTrust,
  MegolmDecryptionError,
  RoomId,
  RoomSettings,
  ShieldColor,
  TrustRequirement,
  UserId,
  type DecryptedRoomEvent,
  type ToDeviceRequest,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import type { ClearContent, RoomEvent, Shield, UnreadableCause } from '../events.ts';
import { toWireEvent } from '../events.ts';
import { asObject, asString, field, parseJson } from '../json.ts';
import type { CryptoContext } from './context.ts';
import { SerialQueue } from './context.ts';
import type { Identities } from './identities.ts';
import type { Decrypted, EncryptRequest } from './face.ts';

const MEGOLM = 'm.megolm.v1.aes-sha2';

const VISIBILITIES: ReadonlyMap<string, HistoryVisibility> = new Map([
  ['invited', HistoryVisibility.Invited],
  ['joined', HistoryVisibility.Joined],
  ['shared', HistoryVisibility.Shared],
  ['world_readable', HistoryVisibility.WorldReadable],
]);

function shieldOf(decrypted: DecryptedRoomEvent): Shield {
  const state = decrypted.shieldState(false);
  if (state.color === ShieldColor.Red) return 'red';
  return state.color === ShieldColor.Grey ? 'grey' : 'none';
}

function causeOf(error: unknown): UnreadableCause {
  if (!(error instanceof MegolmDecryptionError)) return 'not-authentic';
  if (error.withheldCode !== undefined) return 'withheld';
  switch (error.code) {
    case DecryptionErrorCode.MissingRoomKey:
      return 'missing-key';
    case DecryptionErrorCode.UnknownMessageIndex:
      return 'before-join';
    default:
      return 'not-authentic';
  }
}

/** A verified person's device that they have not signed gets no keys: the machine refuses, and we shut it out. */
function sharingStrategy(): CollectStrategy {
  return CollectStrategy.deviceBasedStrategy(false, true);
}

function encryptionSettings(visibility: string): EncryptionSettings {
  const settings = new EncryptionSettings();
  settings.algorithm = EncryptionAlgorithm.MegolmV1AesSha2;
  settings.historyVisibility = VISIBILITIES.get(visibility) ?? HistoryVisibility.Shared;
  settings.sharingStrategy = sharingStrategy();
  return settings;
}

export class RoomMessages {
  readonly #context: CryptoContext;
  readonly #identities: Identities;
  readonly #keySharing = new SerialQueue();
  readonly #followed = new Set<string>();

  constructor(context: CryptoContext, identities: Identities) {
    this.#context = context;
    this.#identities = identities;
  }

  async decrypt(event: RoomEvent, roomId: string): Promise<Decrypted> {
    if (field(event.content, 'algorithm') !== MEGOLM) return { unreadable: 'unknown-algorithm' };
    try {
      const settings = new DecryptionSettings(TrustRequirement.Untrusted);
      const wire = JSON.stringify(toWireEvent(event, roomId));
      const decrypted = await this.#context.machine.decryptRoomEvent(wire, new RoomId(roomId), settings);
      const clear = asObject(parseJson(decrypted.event));
      const type = asString(field(clear, 'type'));
      const content = asObject(field(clear, 'content'));
      if (type === undefined || content === undefined) return { unreadable: 'not-authentic' };
      return { clear: { type, content }, shield: shieldOf(decrypted) };
    } catch (error) {
      return { unreadable: causeOf(error) };
    }
  }

  async follow(roomId: string, memberIds: readonly string[]): Promise<void> {
    if (!this.#followed.has(roomId)) {
      const settings = new RoomSettings();
      settings.algorithm = EncryptionAlgorithm.MegolmV1AesSha2;
      await this.#context.machine.setRoomSettings(new RoomId(roomId), settings);
      this.#followed.add(roomId);
    }
    await this.#context.machine.updateTrackedUsers(memberIds.map((id) => new UserId(id)));
  }

  /** Nothing where a verified person's identity has changed: then the user decides, not we. */
  async #share(request: EncryptRequest): Promise<ToDeviceRequest[] | undefined> {
    const share = () =>
      this.#context.machine.shareRoomKey(
        new RoomId(request.roomId),
        request.memberIds.map((id) => new UserId(id)),
        encryptionSettings(request.historyVisibility),
      );
    try {
      return await share();
    } catch {
      for (const userId of request.memberIds) this.#identities.forget(userId);
      if ((await this.#identities.listChanged(request.memberIds)).length > 0) return undefined;
      // "New devices of verified people who are not cross-signed get no keys": the others do.
      await this.#exclude(request.memberIds);
      return share();
    }
  }

  /** Shuts out the devices that verified people have not signed themselves. */
  async #exclude(userIds: readonly string[]): Promise<void> {
    const { machine } = this.#context;
    for (const userId of userIds) {
      const identity = await machine.getIdentity(new UserId(userId));
      if (identity?.isVerified() !== true) continue;
      for (const device of (await machine.getUserDevices(new UserId(userId))).devices()) {
        if (!device.isCrossSignedByOwner() && !device.isBlacklisted())
          await device.setLocalTrust(LocalTrust.BlackListed);
      }
    }
  }

  /** Lets devices in again that their owners have signed since they were shut out. */
  async readmit(userIds: readonly string[]): Promise<void> {
    for (const userId of userIds) {
      for (const device of (await this.#context.machine.getUserDevices(new UserId(userId))).devices()) {
        if (device.isBlacklisted() && device.isCrossSignedByOwner()) await device.setLocalTrust(LocalTrust.Unset);
      }
    }
  }

  /** Shares the room key with every device that may read, then encrypts. */
  encrypt(request: EncryptRequest): Promise<ClearContent | undefined> {
    return this.#keySharing.run(async () => {
      const { machine } = this.#context;
      await this.follow(request.roomId, request.memberIds);
      await this.#context.flush();
      const users = () => request.memberIds.map((id) => new UserId(id));
      const claim = await machine.getMissingSessions(users());
      if (claim !== null) await this.#context.send(claim);
      const shares = await this.#share(request);
      if (shares === undefined) return undefined;
      for (const share of shares) await this.#context.send(share);
      const text = await machine.encryptRoomEvent(
        new RoomId(request.roomId),
        request.type,
        JSON.stringify(request.content),
      );
      const content = asObject(parseJson(text)) ?? {};
      const relation = field(request.content, 'm.relates_to');
      // "the m.relates_to property … must not be encrypted": servers aggregate by it.
      return {
        type: 'm.room.encrypted',
        content: relation === undefined ? content : { ...content, 'm.relates_to': relation },
      };
    });
  }
}
