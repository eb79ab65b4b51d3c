/** Texts of the doctor, English: what it found and why that matters. */
export const doctorEnglish = {
  'node-too-old': 'Node.js {version} is too old: 24.16 or later of the 24 line, or 26, is needed.',
  'sqlite-too-old': 'SQLite {version} has a bug that can damage a database which is written and checkpointed at once.',
  'no-full-text-search': 'SQLite was built without full-text search.',
  'data-dir-not-writable': 'The data folder {path} cannot be written: nothing can be kept.',
  'data-dir-open': 'Other users of this machine can look into the data folder {path}.',
  'disk-nearly-full': 'Only {megabytes} MB are free where {path} lies: soon nothing can be written any more.',
  'signing-key-open': 'Other users of this machine can read the signing key {path} and act as this server.',
  'no-encryption-package':
    'storage.encryption is set, but the package {package} is missing: the server will not start.',
  'no-postgres-package': 'storage.engine is postgres, but the package {package} is missing: the server will not start.',
  'no-sodium': 'Without {package} signatures take twice as long.',
  'no-argon2': 'Without {package} a login takes three times as long.',
  'no-sharp': 'Without {package} the server makes no thumbnails.',
  'web-client-missing': 'The web client has not been built: browsers see a note instead.',
  'port-taken': 'Another program listens on {address}:{port}.',
  'port-forbidden': 'This user may not listen on {address}:{port}: ports below 1024 need a permission.',
  'address-unknown': 'This machine has no address {address}: the listener cannot be opened.',
  'open-registration-in-public': 'Everybody on the Internet can make an account here.',
  'no-rate-limits': 'Nothing slows down somebody who tries passwords.',
  'weak-passwords': 'Passwords are hashed at the cost meant for tests: whoever copies the database reads them.',
  'plain-http-in-public': 'People reach this server at {url} without encryption: passwords can be read on the way.',
  'localhost-in-public': 'The server is called {name}, which no other machine can find. The name is permanent.',
} as const;

export type DoctorTexts = { readonly [Key in keyof typeof doctorEnglish]: string };
