/** What suites import. */
export { type Answer, dig, type Dict } from './answer.ts';
export { CrossSigning, DeviceKeys, SigningPair, uploadKeys } from './keys.ts';
export { TestNetwork, useServers } from './network.ts';
export { isRecord } from './schema.ts';
export { passwordAuth, passwordOf, SERVER_NAME, SHARED_SECRET, TestServer, useServer } from './server.ts';
export { answerViolations, findOperation, specOperations } from './spec.ts';
export { type Method, url, User, v3 } from './user.ts';
