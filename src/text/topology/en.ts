/** What is wrong with a topology file, English. Each text stands behind the path of the key: "nodes.home.zone …". */
export const topologyEnglish = {
  /** Between place and key, and where a text says what is allowed. */
  allowedIs: '{text}; allowed is {allowed}',
  theTopology: 'the topology',
  mistakes: {
    'wrong-value': 'is {found}',
    missing: 'is missing',
    'no-map': 'is {found}; allowed is a map of keys and values',
    'no-list': 'is {found}; allowed is a list, in [ ]',
    'unknown-key': 'is no key of the topology; known here are {known}',
    'unknown-key-near': 'is no key of the topology; did you mean {guess}?',
    'too-many': 'has {count} entries; at most {most} are read',
    'no-nodes': 'is missing; it names every machine: NODE: { zone, role, addr, listen }',
    'wrong-node-name': 'is {found}; allowed as a name are 1 to 64 letters, digits, _ and -',
    'wrong-server-name': 'is {found}; allowed is the name of a server, like friends.example.net',
    'no-role': 'is missing; it lists what the node runs: {known}',
    'no-connect': 'is empty; it lists host:port, or link:NODE',
    'option-not-built': 'is {found}, which is not built yet; this version plans {built}',
    'unknown-node': 'names {found}, which is no node; nodes are {nodes}',
    'name-is-address':
      'is {found}, an IP address; the name of a server is permanent and addresses are not: choose a name',
    'no-homeserver': 'has no node with the role homeserver; nobody would keep the messages',
    'own-server-missing': 'has no homeserver called {name}: leave "server" out at the node that is to be it',
    'server-twice': 'is {found}, as that of node {other}; one name is one server',
    'server-without-homeserver': 'is {found}, but the node has no role homeserver; add the role or remove the name',
    'nothing-to-run': 'names nothing that this version runs; add homeserver or relay',
    'relay-and-homeserver':
      'names homeserver and relay; a node runs one of the two: "postern serve" has its own port and needs no relay',
    'several-relays': 'names relay, as node {other} does; one relay is planned at a time',
    'relay-ports': 'has {count} ports; a relay listens on exactly one',
    'relay-no-way':
      'leads nowhere: the relay has no link with {server}, and {server} cannot be dialled; add a link between the two',
    'homeserver-no-port': 'is empty, and the node dials nobody who could lead to it: name a port',
    'place-twice': 'names port {found}, which node {other} has at the same address; give one of them another',
    'home-port':
      'is {found}; on a home line providers drop what comes in at 53, 80 and 443: take a high port such as 40443',
    'idc-port':
      'is {found}; without a licence data centres drop what comes in at 53, 80 and 443: take a high port such as 41443',
    'unlicensed-public-name':
      'is true and the licence is none; a data centre blocks the machine to which an unlicensed name resolves: set ' +
      'publicDns: false, or licence: filed once it is',
    'guessable-label':
      'is {found}; providers look for guessable names on home lines and slow them down: take a random label',
    'label-unused': 'is {found}, but no route begins with it; the first route is to be https://{found}.{name}:PORT',
    'label-random':
      'is "random", but no route names the relay; draw one, and write the first route: https://LABEL.{name}:PORT',
    'option-zone': 'is {found}; option {option} has the server {name} in {allowed}',
    'option-nothing-inside': 'is {found}; option 1 has everything abroad: remove the node, or take option 3 or 4',
    'option-no-relay': 'names relay; option {option} has none: remove the node, or take option 4',
    'option-needs-relay': 'has no relay; option {option} has one in {allowed}',
    'option-relay-zone': 'is {found}; option {option} has its relay in {allowed}',
    'option-licence': 'is none; option 2 is a licensed server: file first, or take option 3 or 4',
    'option-public-needed': 'is false; option 2 has a public DNS record: set publicDns: true',
    'option-public-forbidden':
      'is true; option {option} has no public record for this node: set publicDns: false, and remove its records',
    'option-needs-link': 'has no link between {relay} and {server}; option {option} passes users on over one',
    'option-needs-routes': 'has fewer than two; option {option} is several ways to one server: write more of them',
    'option-needs-path-secret': 'is missing; option {option} hides the server behind one: 16 to 64 letters and digits',
    'option-needs-webrtc': 'names none by WebRTC; option {option} has webrtc://{host}:{port}',
    'option-needs-address': 'names no address; option {option} has https://{host}:443',
    'option-needs-abroad': 'has none between {server} and a server abroad; option {option} has one',
    'link-self': 'joins {found} with itself; a link has two ends',
    'link-twice': 'joins {from} and {to}, which a link joins already; remove one',
    'link-dial': 'is {found}; allowed is one of its ends, {from} or {to}',
    'link-target-cgnat':
      "is {dial}, but {other} is behind a carrier's NAT (nat: cgnat) that lets nobody in; set dial: {other}",
    'link-target-silent':
      'is {dial}, but {other} listens nowhere; set dial: {other}, or give {other} a port to listen on',
    'link-target-unplaced':
      'is {dial}, but {other} has no fixed address and no route with a name leads to it; set dial: {other}',
    'link-into-home':
      'is {dial}, but {other} is on a home line behind the border, where calls from abroad are cut after a while; ' +
      'set dial: {other}',
    'fallback-path': 'is {found}; its path must be that at which all nodes take links, {path}: see linkPath',
    'override-no-link': 'is {found}, but no link joins {node} with another node; add the link, or write host:port',
    'override-other-server': 'is {found}, but {node} is not the server {name}; name its own node, or write host:port',
    'routes-missing': 'is missing; option {option} needs the name that users open, like https://k3f9.{name}:{port}',
    'route-nowhere':
      'is {found}; no node listens there: a name needs a node with publicDns and that port, an address its node',
    'route-several': 'is {found}; the nodes {nodes} all listen on that port: give them different ports',
    'route-address-at-relay':
      'is {found}, a relay by its address; a relay passes on by the name that is asked for: write a name',
    'route-no-certificate':
      'is {found}; a certificate for an address is issued over port 80 or 443 only, and {node} listens on neither',
  },
  allowed: {
    choice: 'one of {words}',
    port: 'a port from 1 to 65535',
    flag: 'true or false',
    address: 'an IP address in a list, or the word dynamic for the whole key',
    host: 'a host name without a port',
    node: 'the name of a node',
    server: 'the name of a server, like example.org',
    label: 'a label of small letters and digits, or random',
    pin: 'sha256/ and the base64 of the SHA-256 of a public key',
    key: 'ed25519: and 32 bytes in base64, as "postern link" of that node prints it',
    contact: 'mailto:NAME@HOST',
    'path-secret': '16 to 64 letters, digits, - or _',
    path: 'a path like /a-random-path',
    url: 'an https:// URL',
    carrier: 'wss://… or webrtc',
    text: 'a text of at most 500 characters',
    place: 'host:port, with [ ] around IPv6, or link:NODE',
    route: 'https://HOST:PORT or webrtc://ADDRESS:PORT#fp=…',
  },
} as const;

export interface TopologyTexts {
  readonly allowedIs: string;
  readonly theTopology: string;
  readonly mistakes: { readonly [Key in keyof typeof topologyEnglish.mistakes]: string };
  readonly allowed: { readonly [Key in keyof typeof topologyEnglish.allowed]: string };
}
