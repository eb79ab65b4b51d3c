/** Sends the requests that `OlmMachine` asks for and reports the answers back. */
import {
  RequestType,
  type KeysBackupRequest,
  type KeysClaimRequest,
  type KeysQueryRequest,
  type KeysUploadRequest,
  type OlmMachine,
  type RoomMessageRequest,
  type SignatureUploadRequest,
  type ToDeviceRequest,
} from '@matrix-org/matrix-sdk-crypto-wasm';
import { claimKeys } from '../../matrix/api/client-server/claimKeys.ts';
import { putRoomKeys } from '../../matrix/api/client-server/putRoomKeys.ts';
import { queryKeys } from '../../matrix/api/client-server/queryKeys.ts';
import { sendMessage } from '../../matrix/api/client-server/sendMessage.ts';
import { sendToDevice } from '../../matrix/api/client-server/sendToDevice.ts';
import { uploadCrossSigningSignatures } from '../../matrix/api/client-server/uploadCrossSigningSignatures.ts';
import { uploadKeys } from '../../matrix/api/client-server/uploadKeys.ts';
import type { BodyOf } from '../../matrix/api/declare.ts';
import type { Api } from '../api/call.ts';

export type MachineRequest =
  | KeysUploadRequest
  | KeysQueryRequest
  | KeysClaimRequest
  | ToDeviceRequest
  | SignatureUploadRequest
  | RoomMessageRequest
  | KeysBackupRequest;

/** The machine writes its bodies in the form of the declarations. */
function bodyOf<E>(request: { readonly body: string }): BodyOf<E> {
  return JSON.parse(request.body) as BodyOf<E>;
}

function put(api: Api, request: MachineRequest): Promise<unknown> {
  switch (request.type) {
    case RequestType.KeysUpload:
      return api.call(uploadKeys, { body: bodyOf(request) });
    case RequestType.KeysQuery:
      return api.call(queryKeys, { body: bodyOf(request) });
    case RequestType.KeysClaim:
      return api.call(claimKeys, { body: bodyOf(request) });
    case RequestType.SignatureUpload:
      return api.call(uploadCrossSigningSignatures, { body: bodyOf(request) });
    case RequestType.ToDevice: {
      const { event_type, txn_id } = request as ToDeviceRequest;
      return api.call(sendToDevice, { path: { eventType: event_type, txnId: txn_id }, body: bodyOf(request) });
    }
    case RequestType.RoomMessage: {
      const { room_id, event_type, txn_id } = request as RoomMessageRequest;
      const path = { roomId: room_id, eventType: event_type, txnId: txn_id };
      return api.call(sendMessage, { path, body: bodyOf(request) });
    }
    case RequestType.KeysBackup:
      return api.call(putRoomKeys, {
        query: { version: (request as KeysBackupRequest).version },
        body: bodyOf(request),
      });
  }
}

/** Sends one request and tells the machine the answer. */
export async function sendRequest(machine: OlmMachine, api: Api, request: MachineRequest): Promise<void> {
  const answer = await put(api, request);
  if (request.id !== undefined) await machine.markRequestAsSent(request.id, request.type, JSON.stringify(answer));
}
