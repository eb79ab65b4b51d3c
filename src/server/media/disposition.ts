/** The file name that a `Content-Disposition` header of another server gives. Pure. */
import { cleanFileName } from './content-type.ts';

/** As it may be stored; `undefined` where there is none that can be read. */
export function fileNameOf(disposition: string | undefined): string | undefined {
  if (disposition === undefined || disposition.length > 2_000) return undefined;
  // RFC 6266: "When both … are present, recipients SHOULD pick `filename*`".
  const extended = /;\s*filename\*\s*=\s*utf-8'[^']*'([^\s;"]+)/i.exec(disposition)?.[1];
  if (extended !== undefined) {
    try {
      return cleanFileName(decodeURIComponent(extended));
    } catch (error) {
      if (!(error instanceof URIError)) throw error;
    }
  }
  const plain = /;\s*filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))/i.exec(disposition);
  return cleanFileName(plain?.[1]?.replaceAll(/\\(.)/g, '$1') ?? plain?.[2]);
}
