/** Which certificate authorities outgoing connections trust. */
import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';

/**
 * Makes the context at the first question: Node's own authorities, the system's, and `extraCa` (PEM texts).
 * "TLS ≥ 1.2". The system's store takes tens of milliseconds to read, which no start has to wait for.
 */
export function lazySecureContext(extraCa: readonly string[]): () => SecureContext {
  let context: SecureContext | undefined;
  return () => {
    context ??= createSecureContext({
      ca: [...new Set([...getCACertificates('default'), ...getCACertificates('system')]), ...extraCa],
      minVersion: 'TLSv1.2',
    });
    return context;
  };
}
