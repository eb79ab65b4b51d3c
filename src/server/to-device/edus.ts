/** To-device messages as servers hand them to each other: `m.direct_to_device` (server-server API). */
import { emptyObject, getObject, getString, isObject, type JsonObject } from '../../matrix/json.ts';
import { requireCanonical } from '../../matrix/json-input.ts';
import { MatrixError } from '../../matrix/errors.ts';
import { parseUserId, serverOf, type ServerName, type UserId, utf8Length } from '../../matrix/ids.ts';

/** One message for one device of a user, or for all of them (`*`). */
export interface Addressed {
  readonly user: UserId;
  readonly device: string;
  readonly content: JsonObject;
}

/** What came from another server. */
export interface ReceivedMessages {
  readonly sender: UserId;
  readonly type: string;
  readonly messageId: string;
  readonly messages: readonly Addressed[];
}

/** Most bytes of an EDU. */
const EDU_BYTES_MAX = 65_536;
/** What stands around one message: quotes, colons, braces, a comma. */
const PUNCTUATION_BYTES = 16;
/** Names that come from outside: as long as those that clients give. */
const NAME_BYTES_MAX = 255;
const MESSAGES_MAX = 10_000;

/**
 * EDUs that carry the messages of one server, in order, each as canonical JSON. Throws `M_TOO_LARGE` for a message
 * that fits into none, and `M_BAD_JSON` for one that cannot be signed.
 */
export function directToDeviceEdus(
  { sender, type }: { readonly sender: UserId; readonly type: string },
  messages: readonly Addressed[],
  newMessageId: () => string,
): string[] {
  const text = (some: readonly Addressed[], messageId: string): string =>
    requireCanonical({
      content: { message_id: messageId, messages: byUser(some), sender, type },
      edu_type: 'm.direct_to_device',
    });
  const envelopeBytes = utf8Length(text([], newMessageId()));
  const edus: string[] = [];
  let batch: Addressed[] = [];
  let bytes = envelopeBytes;
  for (const message of messages) {
    const size = sizeOf(message);
    if (envelopeBytes + size > EDU_BYTES_MAX) throw new MatrixError('M_TOO_LARGE', 'A message is larger than 64 KiB');
    if (bytes + size > EDU_BYTES_MAX) {
      edus.push(text(batch, newMessageId()));
      [batch, bytes] = [[], envelopeBytes];
    }
    batch.push(message);
    bytes += size;
  }
  if (batch.length > 0) edus.push(text(batch, newMessageId()));
  return edus;
}

function sizeOf({ user, device, content }: Addressed): number {
  return utf8Length(requireCanonical([user, device, content])) + PUNCTUATION_BYTES;
}

function byUser(messages: readonly Addressed[]): JsonObject {
  const users = emptyObject();
  for (const { user, device, content } of messages) {
    const known = users[user];
    const devices = isObject(known) ? known : emptyObject();
    devices[device] = content;
    users[user] = devices;
  }
  return users;
}

/** The messages of an EDU of `origin`; `undefined` where it is not well formed, or from a user of another server. */
export function readDirectToDevice(content: JsonObject, origin: ServerName): ReceivedMessages | undefined {
  const [sender, type] = [parseUserId(getString(content, 'sender') ?? ''), getString(content, 'type')];
  const messageId = getString(content, 'message_id');
  const users = getObject(content, 'messages');
  if (sender === undefined || serverOf(sender) !== origin || users === undefined) return undefined;
  if (!isName(type) || !isName(messageId)) return undefined;
  const messages: Addressed[] = [];
  for (const [name, devices] of Object.entries(users)) {
    const user = parseUserId(name);
    if (user === undefined || !isObject(devices)) continue;
    for (const [device, message] of Object.entries(devices)) {
      if (isObject(message)) messages.push({ user, device, content: message });
    }
  }
  return messages.length > MESSAGES_MAX ? undefined : { sender, type, messageId, messages };
}

function isName(text: string | undefined): text is string {
  return text !== undefined && text !== '' && utf8Length(text) <= NAME_BYTES_MAX;
}
