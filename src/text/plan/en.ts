/** Texts of plans and of what is rendered from them, English. */
export const planEnglish = {
  title: 'Plan for {name}, option {option}',
  titleLayout: 'Plan for {name}, option {option}: it comes to {layout}',
  options: {
    '1': 'One server abroad; everybody connects to it.',
    '2': 'A licensed server inside with a public DNS record.',
    '3': 'A server inside without a public DNS record; devices resolve its name themselves.',
    '4': 'A server inside without a public DNS record, and a relay on a home line that passes TLS on as it is.',
    '4t': 'A server inside without a public DNS record, and a relay on a home line that has a link with it.',
    '5': 'Several ways to one server at a time; clients go from one to the next.',
    '6': 'A server that looks like an ordinary small site to whoever lacks the secret path.',
    '7': 'A server reached by WebRTC at its address: no DNS name, no certificate authority, no SNI.',
    '9': 'A server abroad reached by its address over HTTPS: a certificate for the address, no SNI.',
    '11': 'A server inside that goes on while the border is cut, linked with a server abroad.',
    '12': 'A server on a home line that nobody can dial; it dials a node that everybody reaches.',
  },
  sections: {
    nodes: 'Nodes',
    flows: 'Who talks to whom',
    add: 'DNS records to add',
    never: 'DNS records that must not exist',
    devices: 'Names that the devices of users resolve themselves',
    certificates: 'Certificates',
    sees: 'What others see',
    latency: 'What to expect',
    duties: 'Law and terms',
    warnings: 'Mind',
  },
  zones: { world: 'abroad', 'cn-isp': 'users inside', 'cn-idc': 'data centre inside', 'cn-home': 'home line inside' },
  users: { 'users-inside': 'users inside', 'users-outside': 'users abroad' },
  purposes: { client: 'clients', relayed: 'clients, passed on', link: 'link', federation: 'federation' },
  uses: { client: 'clients', federation: 'other servers', link: 'links', relay: 'the relay' },
  runs: { serve: 'runs "postern serve" as {server}', relay: 'runs "postern relay"' },
  node: '{name} ({zone}): {runs}',
  nodeOpen: 'open inwards: TCP {port} for {uses}',
  nodeOpenDirect: 'open inwards: UDP {port} for clients by WebRTC',
  nodeClosed: 'open inwards: nothing',
  nodeDials: 'dials outwards: {to} at {places}, {purpose}',
  flow: '{from} → {to}: {purpose}, {places}, {sni}{border}',
  flowSni: 'SNI {sni}',
  flowNoSni: 'no SNI',
  flowBorder: ', across the border',
  valueDynamic: '(the address of the line; keep it up to date by dynamic DNS)',
  valueAcme: '(set by your ACME client while a certificate is issued)',
  none: 'none',
  methods: {
    'tls-alpn-01': 'from a public CA, proven at port 443 or 80 (tls-alpn-01 or http-01)',
    'dns-01': 'from a public CA, proven by a TXT record (dns-01): ports 80 and 443 are not needed, nor any A record',
    shortlived:
      'from a public CA for names and addresses in one (profile shortlived, about 160 h), proven at port 443 or 80',
    site: 'a certificate of its own for its small site, on a name of your own or self-signed; never that of the server',
  },
  parties: {
    isp: 'The provider of users inside',
    border: 'The border firewall',
    idc: 'The data centre inside',
    'home-isp': 'The provider of the home line',
    'host-abroad': 'The provider abroad',
    relay: 'Whoever holds the relay',
    peer: 'Operators of the servers that talk with each other',
  },
  seesLookups: 'questions to public DNS: {names}',
  seesConnection: '{from} → {to}, {sni}',
  latencyLine: '{when}: first answer {first}, then {median}, at worst (95 of 100) {worst}',
  latencyCalm: 'calm line',
  latencyEvening: 'evening, 15 % loss at the border',
  latencyTime: '{time} ms',
  latencyUnknown: 'not measured',
  latencySource: {
    measured: 'Measured with stub servers in an emulated network, not on real lines.',
    computed: 'Computed from the delays of the lines (10 to 100 ms one way); not measured.',
  },
  checks: {
    idc: 'With a check of names in the data centre: {state}',
    poisoned: 'With the name poisoned in DNS and reset by SNI at the border: {state}',
    works: 'works',
    fails: 'fails',
    unknown: 'not measured',
  },
  founding: 'The founding table expects: circumvention {circumvention}, speed {speed}, ease {ease}',
  remarks: {
    'never-own-name': 'No A or AAAA record of {name} that leads to {node}.',
    'never-any-name':
      'No A or AAAA record of {name}, nor of any other name, with {addresses}: the host of {node} would be blocked.',
    'never-guessable': 'No guessable label for {node}, such as home, ddns or nas.',
    'sees-relay': 'addresses of users, the name they ask for, times and sizes; no content: it has no key of the server',
    'sees-names': 'names in plain text: {names}',
    'sees-no-name': 'no name: connections without SNI to addresses',
    'sees-sizes': 'addresses, times and sizes of connections; no content',
    'sees-disk': 'whoever holds the machine can copy its disk: encrypt it, or set storage.encryption',
    'sees-peer':
      'of rooms that they share ({names}): user ids, times and who is in the room; no content of encrypted rooms',
    'duty-own-nodes': 'Run your own nodes under your own names; nothing here carries the traffic of others.',
    'duty-filing':
      'Services in mainland China need filings or licences; that concerns {nodes}. Find out which apply to you.',
    'duty-idc-terms': 'The terms of the data centre apply, and it checks names on its machines.',
    'duty-home-terms':
      'The terms of the home line apply; some forbid servers, or slow down lines that answer many connections.',
    'duty-record':
      'A licensed service is on record: data can be demanded of it, and who talks with whom is not encrypted.',
    'duty-decide': 'State your real purpose wherever you are asked. Whether to run this layout is your decision.',
    'certificate-short':
      'The certificate of {node} runs out after about 160 h: renew its files in time; they are read within a minute.',
    'acme-idle':
      '{node} has the role acme, but issues for nobody: set certificates, and a link with each node that needs one.',
    'acme-zone':
      '{node} answers for {zone}: open its port 53 (UDP, TCP) to everybody; it tells what authorities ask, no more.',
    'not-built-dns':
      '{node} has the role dns, which is not rendered yet: write the section dns of its postern.yaml by hand.',
    'not-built-push':
      '{node} has the role push, which is not built yet: clients are told of messages while they are open.',
    'not-built-fallback':
      'The fallback webrtc of the link {from}–{to} is not built yet; its other ways are tried in turn.',
    'not-built-doh': 'devices.doh is not rendered yet: add the api dns to a listener, and the section dns, by hand.',
    'not-built-push-via': 'push.via is not built yet; it is left out.',
    'shows-name-to-idc':
      '{from} shows the name {sni} on the way to {to}: where the data centre checks SNI, it resets that.',
    'home-link-crosses':
      'The link {from} → {to} ends at a home line and crosses the border: it may be cut now and then.',
    'port-watched': 'Port {port} of {node} is dropped by some providers of home lines: a port above 10000 is safer.',
    'address-moves':
      '{node} has no fixed address: keep its record up to date with the dynamic DNS of router or registrar.',
    'servers-apart': '{from} cannot reach the server of {to}: add a link between the two, dialled by {to}.',
    'found-by-own-only':
      'Servers that are not in this file do not find {name}; those of the file are told by overrides.',
    'name-has-port': 'The name {name} has a port in it, and so has every user id, for ever: better a name without one.',
    'link-path-known': 'Links are taken at /link: set linkPath to a random path, the same for all nodes.',
    'route-of-other-server': 'The route {route} leads to the server {server}: it serves users of that server only.',
    'override-key-unused': 'federationOverrides of {server}: key is not used; keys of servers are fetched and checked.',
    'key-missing': '{node} has links and no key: type "postern link" there, and put what it prints under key.',
  },
  planNext: 'Next: postern render --node {node}',
  svgTitle: '{name}: option {option}',
  renderWrote: 'Wrote {file}.',
  renderSame: '{file} is already so.',
  renderDiffers: '{file} exists and differs; nothing was written. Look at it, then use --force or another --out.',
  renderUnknownNode: '--node: there is no node {found}; nodes are {nodes}',
  renderNodeNeeded: '--node NODE says which node; nodes are {nodes}',
  renderForUnknown: '--for: "{found}"; allowed is synapse-peer',
  renderKeyMissing: 'nodes.{node}.key is missing; on {node} type: postern link --data-dir {folder}',
  renderKeyPut: 'Put what it prints into {file} as nodes.{node}.key, and run this again.',
  renderJoin: 'Wrote {file}: whoever has it can pass for the node. Give it to that machine alone.',
  renderNextManaged: 'Next: copy {folder} to {node}, and type there: {command}. Its certificates come by themselves.',
  renderNext: 'Next: copy {folder} to {node}, put the certificates there ({certificates}), and type: {command}',
  peerHosts: 'For /etc/hosts, where {server} is reached at port 8448 of these addresses:',
  peerResolver: 'For a private resolver (dnsmasq) of the Synapse peer:',
  peerSynapse: 'For homeserver.yaml of the Synapse peer:',
  peerSynapseNone: 'Nothing is needed in homeserver.yaml: the addresses are public ones.',
  peerUnreachable:
    '{node} cannot be dialled, and Synapse speaks no links: federate with a Postern of the file instead.',
  peerRelay: '--for synapse-peer names a node with a homeserver; {node} is a relay.',
  peerPort: '{server} carries a port in its name, which a resolver cannot change.',
  peerNext: 'Next: restart the peer; its federation with {server} then takes this way.',
} as const;

type Deep<T> = { readonly [Key in keyof T]: T[Key] extends string ? string : Deep<T[Key]> };

export type PlanTexts = Deep<typeof planEnglish>;
