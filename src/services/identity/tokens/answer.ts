// What an answer with a token holds besides the token itself, which is in a header (reference 6.2.1).
import { Type } from 'typebox'
import { Nullable } from '../../../api/types.ts'
import { xml } from '../../../api/xml/annotation.ts'
import { Interface } from '../service-catalog/endpoints.ts'

const Id = Type.Object({ id: Type.String() })
const Named = Type.Object({ id: Type.String(), name: Type.String() })
const Word = Nullable(Type.String())

const Endpoint = Type.Object({ id: Type.String(), interface: Interface, region: Word, region_id: Word, url: Type.String() })
export const Catalog = xml(
  { item: 'service' },
  Type.Array(
    Type.Object({
      id: Type.String(),
      type: Type.String(),
      name: Type.String(),
      endpoints: xml({ wrapped: false }, Type.Array(Endpoint)),
    }),
  ),
)

export const TokenAnswer = Type.Object({
  token: Type.Object({
    methods: Type.Array(Type.String()),
    user: Type.Object({
      id: Type.String(),
      name: Type.String(),
      domain: Named,
      password_expires_at: Word,
      /** Of users whom an identity provider vouched for. */
      'OS-FEDERATION': Type.Optional(Type.Object({ groups: Type.Array(Id), identity_provider: Id, protocol: Id })),
    }),
    // The scope: one of the three, or none.
    project: Type.Optional(Type.Object({ id: Type.String(), name: Type.String(), domain: Named })),
    is_domain: Type.Optional(Type.Boolean()),
    domain: Type.Optional(Named),
    system: Type.Optional(Type.Object({ all: Type.Literal(true) })),
    /** Where there is a scope. */
    roles: Type.Optional(Type.Array(Named)),
    /** Where there is a scope and it was not asked for to be left out. */
    catalog: Type.Optional(Catalog),
    // What the token acts by: one of the three, or nothing.
    'OS-TRUST:trust': Type.Optional(Type.Object({ id: Type.String(), impersonation: Type.Boolean(), trustor_user: Id, trustee_user: Id })),
    application_credential: Type.Optional(
      Type.Object({
        id: Type.String(),
        name: Type.String(),
        restricted: Type.Boolean(),
        access_rules: Type.Optional(Type.Array(Type.Object({ id: Type.String(), service: Word, method: Word, path: Word }))),
      }),
    ),
    'OS-OAUTH1': Type.Optional(Type.Object({ access_token_id: Type.String(), consumer_id: Type.String() })),
    /** Other clouds that the user may go to, where some are known. */
    service_providers: Type.Optional(Type.Array(Type.Object({ id: Type.String(), auth_url: Type.String(), sp_url: Type.String() }))),
    expires_at: Type.String(),
    issued_at: Type.String(),
    audit_ids: Type.Array(Type.String()),
  }),
})
