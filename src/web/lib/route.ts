/** The address of what is on screen: the fragment of the URL, which no server sees. */
export type Route =
  | { readonly name: 'home' }
  | { readonly name: 'room'; readonly roomId: string }
  | { readonly name: 'details'; readonly roomId: string }
  | { readonly name: 'new' }
  | { readonly name: 'settings' }
  | { readonly name: 'setup'; readonly token: string }
  /** The text of an invite: the engine reads it. */
  | { readonly name: 'invitation'; readonly text: string }
  | {
      readonly name: 'invite';
      readonly token: string;
      readonly from?: string;
      readonly by?: string;
      readonly room?: string;
      readonly roomName?: string;
    };

const TOKEN = /^[A-Za-z0-9._~-]{1,64}$/;
/** Base64url, as long as an invite may be. */
const INVITATION = /^i=([A-Za-z0-9_-]{1,400})$/;
const NAME_LENGTH_MAX = 80;
// Control characters, and those that turn the direction of text around.
const UNSAFE_IN_NAMES = /[\p{Cc}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** Makes a name from a link fit to be shown. */
function safeName(text: string | null | undefined): string | undefined {
  const name = text?.replace(UNSAFE_IN_NAMES, '').trim().slice(0, NAME_LENGTH_MAX);
  return name === undefined || name === '' ? undefined : name;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return '';
  }
}

function parseInvite(token: string, query: URLSearchParams): Route {
  const from = query.get('from');
  const room = query.get('room');
  const by = safeName(query.get('by'));
  const roomName = safeName(query.get('name'));
  return {
    name: 'invite',
    token,
    ...(from?.startsWith('@') === true ? { from } : {}),
    ...(room !== null && /^[!#]/.test(room) ? { room } : {}),
    ...(by === undefined ? {} : { by }),
    ...(roomName === undefined ? {} : { roomName }),
  };
}

/** Reads a fragment; anything unknown is the room list. */
export function parseRoute(fragment: string): Route {
  const invitation = INVITATION.exec(fragment.replace(/^#/, ''))?.[1];
  if (invitation !== undefined) return { name: 'invitation', text: invitation };
  const [path = '', search = ''] = fragment.replace(/^#/, '').split('?', 2);
  const [, name, argument] = path.split('/').map(decode);
  const query = new URLSearchParams(search);
  if (name === 'room' && argument?.startsWith('!') === true) {
    return { name: path.endsWith('/details') ? 'details' : 'room', roomId: argument };
  }
  if (name === 'new' || name === 'settings') return { name };
  if (name === 'setup') {
    const token = query.get('token') ?? '';
    return TOKEN.test(token) ? { name: 'setup', token } : { name: 'home' };
  }
  if (name === 'invite') {
    const token = argument ?? query.get('token') ?? '';
    return TOKEN.test(token) ? parseInvite(token, query) : { name: 'home' };
  }
  return { name: 'home' };
}

/** The fragment that leads to a route of the signed-in app. */
export function routeLink(route: Route): string {
  switch (route.name) {
    case 'room':
      return `#/room/${encodeURIComponent(route.roomId)}`;
    case 'details':
      return `#/room/${encodeURIComponent(route.roomId)}/details`;
    case 'new':
    case 'settings':
      return `#/${route.name}`;
    case 'invitation':
      return `#i=${route.text}`;
    default:
      return '#/';
  }
}
