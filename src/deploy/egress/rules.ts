/** Which places a peer may reach through this node. Pure. */
import { splitServerName } from '../../matrix/server-address.ts';

export interface EgressRule {
  /** A host; its names below it, too, where `isBelow`. `undefined` for every host. */
  readonly host: string | undefined;
  readonly isBelow: boolean;
  /** `undefined` for every port. */
  readonly port: number | undefined;
}

const RULE =
  /^(\*|(?:\*\.)?[0-9A-Za-z](?:[0-9A-Za-z.-]{0,251}[0-9A-Za-z])?|\[[0-9A-Fa-f:.]{2,45}\]):(\*|[1-9][0-9]{0,4})$/;

/** Reads `host:port`, `*.host:port`, `*:port` or `host:*`; `undefined` for anything else. */
export function parseEgressRule(text: string): EgressRule | undefined {
  const match = RULE.exec(text);
  if (match === null || Number(match[2]) > 65_535) return undefined;
  const [, host = '', port] = match;
  const bare = host.replace(/^\*\.?/, '').replace(/^\[|\]$/g, '');
  return {
    host: bare === '' ? undefined : bare.toLowerCase(),
    isBelow: host.startsWith('*.'),
    port: port === '*' ? undefined : Number(port),
  };
}

/** A place of a CONNECT that one of the rules allows; `undefined` for every other text. */
export function allowedPlace(
  text: string,
  rules: readonly EgressRule[],
): { readonly host: string; readonly port: number } | undefined {
  if (text.length > 300 || !/:[0-9]{1,5}$/.test(text)) return undefined;
  const { host, port = 0 } = splitServerName(text);
  if (port < 1 || port > 65_535) return undefined;
  const name = host.toLowerCase();
  const isAllowed = rules.some((rule) => {
    if (rule.port !== undefined && rule.port !== port) return false;
    if (rule.host === undefined) return true;
    return rule.isBelow ? name.endsWith(`.${rule.host}`) : name === rule.host;
  });
  return isAllowed ? { host, port } : undefined;
}
