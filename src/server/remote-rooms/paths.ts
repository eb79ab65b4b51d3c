/** Paths of the server-server API. */

/** The path of an operation (`v2/send_join`) with its parameters. */
export function pathTo(operation: string, ...parts: readonly string[]): string {
  return `/_matrix/federation/${operation}/${parts.map(encodeURIComponent).join('/')}`;
}
