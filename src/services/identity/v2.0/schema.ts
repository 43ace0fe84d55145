// What v2.0 answers with (reference 8 to 10).
import { type TSchema, Type } from 'typebox'
import { LinkSchema } from '../../../api/listing.ts'
import { Nullable } from '../../../api/types.ts'
import { type XmlForm, xml } from '../../../api/xml/annotation.ts'
import { Extended } from '../attributes.ts'

const Word = Type.Optional(Type.String())

export const Tenant = Extended({ id: Type.String(), name: Type.String(), description: Type.String(), enabled: Type.Boolean() })

export const User = Extended({
  id: Type.String(),
  name: Type.String(),
  /** The name once more, as old clients know it. */
  username: Type.String(),
  enabled: Type.Boolean(),
  email: Nullable(Type.String()),
  /** Of users who have one of their own. */
  tenantId: Word,
})

/** The description of a role that has one. */
export const Role = Extended({ id: Type.String(), name: Type.String(), description: Word })

export const Service = Extended({
  id: Type.String(),
  type: Type.String(),
  name: Type.String(),
  description: Type.String(),
  enabled: Type.Boolean(),
})

/** An endpoint for administrators: addresses that it has. */
export const Endpoint = Type.Object({
  id: Type.String(),
  region: Nullable(Type.String()),
  service_id: Type.String(),
  enabled: Type.Boolean(),
  publicurl: Word,
  internalurl: Word,
  adminurl: Word,
})

/** Addresses of an endpoint in a catalog: those that it has. */
export const urls = { publicURL: Word, internalURL: Word, adminURL: Word }
/** Version, its address and that of the list, where they are known. */
export const versionTexts = { versionId: Word, versionInfo: Word, versionList: Word }
const placed = { id: Type.String(), region: Nullable(Type.String()), ...urls }

export const Catalog = xml(
  { item: 'service' },
  Type.Array(
    Type.Object({
      type: Type.String(),
      name: Type.String(),
      endpoints: xml({ wrapped: false }, Type.Array(Type.Object(placed))),
      endpoints_links: Type.Array(LinkSchema),
    }),
  ),
)
export const TokenEndpoint = Type.Object({ ...placed, type: Type.String(), name: Type.String() })
/** As OS-KVALIDATE has them (reference 10.5.3). */
export const ValidatedEndpoint = Type.Object({
  ...TokenEndpoint.properties,
  ...versionTexts,
  tenantId: Type.String(),
  status: Type.Literal('OK'),
})

const RoleRef = Type.Object({ id: Type.String(), name: Type.String() })
export const Access = Type.Object({
  access: Type.Object({
    token: Type.Object({
      id: Type.String(),
      issued_at: Type.String(),
      expires: Type.String(),
      audit_ids: Type.Array(Type.String()),
      /** Of a token that has a scope. */
      tenant: Type.Optional(Tenant),
    }),
    user: Type.Object({
      id: Type.String(),
      name: Type.String(),
      username: Type.String(),
      roles: xml({ wrapped: false }, Type.Array(RoleRef)),
      roles_links: Type.Array(LinkSchema),
    }),
    /** OS-KVALIDATE has it in an answer of its own. */
    serviceCatalog: Type.Optional(Catalog),
    metadata: Type.Object({ is_admin: Type.Unsafe<0 | 1>({ enum: [0, 1] }), roles: Type.Array(Type.String()) }),
  }),
})

/** A list with its links, which are there even where there are none. */
export const Paged = (many: string, row: TSchema, form: XmlForm = {}) =>
  Type.Object({ [many]: xml(form, Type.Array(row)), [`${many}_links`]: Type.Array(LinkSchema) })
