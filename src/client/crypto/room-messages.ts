/** Encrypting and decrypting of room events. Trust is decided here and nowhere else (CLIENT.md §8.8). */
import {
  CollectStrategy,
  DecryptionErrorCode,
  DecryptionSettings,
  EncryptionAlgorithm,
  EncryptionSettings,
  HistoryVisibility,
  MegolmDecryptionError,
  RoomId,
  RoomSettings,
  ShieldColor,
  TrustRequirement,
  UserId,
  type DecryptedRoomEvent,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import type { ClearContent, RoomEvent, Shield, UnreadableCause } from '../events.ts';
import { toWireEvent } from '../events.ts';
import { asObject, asString, field, parseJson } from '../json.ts';
import type { CryptoContext } from './context.ts';
import { SerialQueue } from './context.ts';
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

/** A verified person's device that they have not signed gets no keys; sending stops until the sender decides. */
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
  readonly #keySharing = new SerialQueue();
  readonly #followed = new Set<string>();

  constructor(context: CryptoContext) {
    this.#context = context;
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

  /** Shares the room key with every device that may read, then encrypts. */
  encrypt(request: EncryptRequest): Promise<ClearContent> {
    return this.#keySharing.run(async () => {
      const { machine } = this.#context;
      await this.follow(request.roomId, request.memberIds);
      await this.#context.flush();
      const users = () => request.memberIds.map((id) => new UserId(id));
      const claim = await machine.getMissingSessions(users());
      if (claim !== null) await this.#context.send(claim);
      const settings = encryptionSettings(request.historyVisibility);
      for (const share of await machine.shareRoomKey(new RoomId(request.roomId), users(), settings)) {
        await this.#context.send(share);
      }
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
