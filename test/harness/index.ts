/** What suites import. */
export { type Answer, dig, type Dict } from './answer.ts';
export { isRecord } from './schema.ts';
export { passwordAuth, passwordOf, SERVER_NAME, SHARED_SECRET, TestServer, useServer } from './server.ts';
export { answerViolations, findOperation, specOperations } from './spec.ts';
export { type Method, url, type User, v3 } from './user.ts';
