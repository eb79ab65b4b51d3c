/** The part of the schema that says where certificates come from. */
import { Type } from 'typebox';

/** A secret stands in the file itself, in a file of its own, or in the environment. */
export const Secret = Type.Union([
  Type.String(),
  Type.Object({ file: Type.String() }, { additionalProperties: false }),
  Type.Object({ env: Type.String() }, { additionalProperties: false }),
]);

const Files = Type.Object({ certificate: Type.String(), key: Type.String() }, { additionalProperties: false });
const ManagedName = Type.Object({ managed: Type.String() }, { additionalProperties: false });

/** What a listener may name: files, or a certificate of `certificates.managed`. */
export const CertificateSource: [typeof Files, typeof ManagedName] = [Files, ManagedName];

const Managed = Type.Object(
  {
    names: Type.Array(Type.String(), { minItems: 1, maxItems: 100 }),
    challenge: Type.Optional(Type.Enum(['http-01', 'tls-alpn-01', 'dns-01'])),
    profile: Type.Optional(Type.String()),
    from: Type.Optional(Type.String()),
    shipTo: Type.Optional(Type.Array(Type.String())),
  },
  { additionalProperties: false },
);

const Place = Type.Object(
  { address: Type.String(), port: Type.Integer({ minimum: 0, maximum: 65_535 }) },
  { additionalProperties: false },
);

const Zone = Type.Object(
  { name: Type.String(), nameServer: Type.String(), listeners: Type.Array(Place, { minItems: 1 }) },
  { additionalProperties: false },
);

/** `certificates` */
export const CertificatesSchema = Type.Object(
  {
    directory: Type.Union([Type.String(), Type.Null()], {
      description: 'URL of the directory of a certificate authority: https://…',
      default: null,
    }),
    contact: Type.Array(Type.String(), {
      description: 'Where the authority may write: mailto:NAME@HOST.',
      default: [],
    }),
    termsAgreed: Type.Boolean({
      description: "Whether you have read the authority's terms and agree with them.",
      default: false,
    }),
    externalAccount: Type.Union(
      [Type.Null(), Type.Object({ keyId: Type.String(), key: Secret }, { additionalProperties: false })],
      {
        description: 'An account that the authority has given you: its key id, and its key in base64url.',
        default: null,
      },
    ),
    managed: Type.Record(Type.String(), Managed, {
      description:
        'Name → a certificate: names lists host names, *.NAME and IP addresses; challenge is how they are proven: ' +
        'http-01 (a plain listener with the api "acme" that is reached at port 80), tls-alpn-01 (a listener that ' +
        'uses it and is reached at port 443), dns-01 (certificates.zone, or records by hand). from names the node of ' +
        'links.peers that sends it, instead of a challenge; shipTo lists nodes that it is sent to; profile is one ' +
        "of the authority's.",
      default: {},
    }),
    zone: Type.Union([Type.Null(), Zone], {
      description:
        'A name that is delegated to this node (NS), in which it answers dns-01 at listeners (UDP and TCP) for every ' +
        'name with a CNAME to there; nameServer is the name of this node. "postern cert show" tells the CNAMEs.',
      default: null,
    }),
  },
  {
    description: 'Certificates by ACME (RFC 8555). Nobody is asked for one unless directory is set.',
    additionalProperties: false,
  },
);
