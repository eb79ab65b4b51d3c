/** The part of the schema that says what the private zone holds. */
import { Type } from 'typebox';

/** `dns` */
export const DnsSchema = Type.Union(
  [
    Type.Null(),
    Type.Object(
      {
        zone: Type.String(),
        records: Type.Array(
          Type.Object(
            {
              name: Type.String(),
              type: Type.Enum(['A', 'AAAA', 'CNAME', 'SRV', 'HTTPS', 'TXT']),
              value: Type.String(),
            },
            { additionalProperties: false },
          ),
        ),
        listeners: Type.Optional(
          Type.Array(
            Type.Object(
              { address: Type.String(), port: Type.Integer({ minimum: 0, maximum: 65_535 }) },
              { additionalProperties: false },
            ),
          ),
        ),
        ttlSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: 604_800 })),
      },
      { additionalProperties: false },
    ),
  ],
  {
    description:
      'A private zone: its records, by whole names ({name: chat.example.org, type: A, value: 192.0.2.1}), are told ' +
      'to whoever asks at listeners (UDP and TCP, for the local network) or at /dns of a listener with the api ' +
      '"dns", and nothing else is. link:NODE as an address is that from which the link of a node of links.peers ' +
      'comes. Run by "postern serve", or alone by "postern dns".',
    default: null,
  },
);
