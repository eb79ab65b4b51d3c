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
  'name-poisoned': '{name} leads to {found} here, not to {address}: somebody answers falsely for it.',
  'name-answered-twice':
    'One question for {name} was answered twice, and differently ({found} came first): somebody answers ' +
    'besides the resolver.',
  'name-not-found': '{name} leads nowhere here.',
  'address-blocked': 'Nothing comes back from {address} ({route}): the address is blocked, or the machine is off.',
  'port-blocked': 'Port {port} of {address} is blocked, and another port of it is open ({route}).',
  'nobody-listens': 'Nobody listens at port {port} of {address} ({route}).',
  'name-reset':
    'Connections that name {host} are reset, and others to the same place are not ({route}): the name is on a ' +
    'list.',
  'name-dropped':
    'Connections that name {host} are dropped, and others to the same place are not ({route}): the name is on ' +
    'a list.',
  'any-name-reset':
    'Connections to {route} are cut as soon as they name anybody, and pass without a name: only listed names ' +
    'are let in there, as in a data centre that asks for a licence.',
  'tls-reset': 'Every encrypted connection to {route} is cut at its beginning.',
  'tls-silent': 'Connections to {route} open, and nothing is answered after the hello.',
  'residual-block':
    'After the name was asked for, {route} answered nothing else for {seconds} s: trying again at once is of ' +
    'no use.',
  'certificate-expired': 'The certificate of {place} is over.',
  'certificate-ending':
    'The certificate of {place} is good for {days} more days, less than a third of its life: it should have ' +
    'been renewed.',
  'certificate-wrong-name':
    'The certificate that {place} shows is not for {host}: somebody else answers, or it was made for other ' + 'names.',
  'certificate-untrusted': 'Nobody who is trusted here vouches for the certificate of {place} (from {issuer}).',
  'clock-skewed':
    'The clock of this machine is {seconds} s ahead of the one at {route}: signatures and certificates depend ' +
    'on it.',
  'ipv6-broken': 'This machine has an IPv6 address, and reaches nothing by it: everything begins with a delay.',
  'large-packets-lost':
    'Small requests to {route} are answered, large ones are not: large packets are lost on the way.',
  'connection-freezes':
    'A connection to {route} froze after {bytes} bytes: that is done to addresses of some providers.',
  'connection-throttled': '{route} gives {kilobytes} kB a second: that is no slow line, somebody holds it back.',
  'line-slow': '{route} gives {kilobytes} kB a second: the way there is crowded, in the evening most of all.',
  'federation-unreachable': 'The server {server} is not reached: {why}',
  'federation-not-authentic': 'Who answers for {server} does not prove to be it: {why}',
  'delegation-differs': '/.well-known/matrix/server of {server} says {found}; other servers should come to {expected}.',
  'services-differ': 'An SRV record of {server} leads to {found}; other servers should come to {expected}.',
  'delegation-missing':
    '{server} has neither /.well-known/matrix/server nor SRV records: other servers look at port 8448, ' +
    'not at {expected}.',
  'port-not-reached':
    '{node} does not reach port {port} of this machine at {address}: the provider blocks it, or a firewall.',
  'port-not-forwarded':
    '{node} does not reach port {port} at {address}, behind which this machine stands: the router does not ' +
    'forward it.',
  'push-unreachable': '{host} is not reached from here: phones that depend on it hear of nothing.',
  'unlicensed-name-resolves':
    'Public DNS leads {name}, which has no licence, to {address} of {node}: the provider blocks the machine ' +
    'for that. Take the record away.',
  'home-line-web-port': '{node} listens at port {port} of a home line: the provider blocks it, and notices.',
  'guessable-label':
    '{host} of {node} is a name by which providers look for servers on home lines: choose a random one.',
} as const;

export type DoctorTexts = { readonly [Key in keyof typeof doctorEnglish]: string };
