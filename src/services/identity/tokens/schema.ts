import { Type } from 'typebox'
import { Closed, Name, SecretText } from '../../../api/types.ts'

const Id = Type.String({ minLength: 1, maxLength: 64 })
const Domain = Type.Object({ id: Type.Optional(Id), name: Type.Optional(Name) })
const PasswordUser = Type.Object({
  id: Type.Optional(Id),
  name: Type.Optional(Name),
  domain: Type.Optional(Domain),
  password: SecretText({ maxLength: 4096 }),
})
const TotpUser = Type.Object({
  id: Type.Optional(Id),
  name: Type.Optional(Name),
  domain: Type.Optional(Domain),
  passcode: SecretText({ maxLength: 64 }),
})
const ScopeProject = Type.Object({ id: Type.Optional(Id), name: Type.Optional(Name), domain: Type.Optional(Domain) })

const ApplicationCredential = Type.Object({
  id: Type.Optional(Id),
  name: Type.Optional(Name),
  user: Type.Optional(Type.Object({ id: Type.Optional(Id), name: Type.Optional(Name), domain: Type.Optional(Domain) })),
  secret: SecretText({ maxLength: 4096 }),
})

const Token = Type.Object({ id: SecretText({ maxLength: 4096 }) })

/** Reference 6.2.1; `unscoped` and `system` as today's clients send them. */
export const AuthRequest = Closed({
  auth: Type.Object({
    identity: Type.Object({
      methods: Type.Array(Type.String({ maxLength: 64 }), { minItems: 1, maxItems: 8 }),
      password: Type.Optional(Type.Object({ user: PasswordUser })),
      totp: Type.Optional(Type.Object({ user: TotpUser })),
      token: Type.Optional(Token),
      mapped: Type.Optional(Token),
      saml2: Type.Optional(Token),
      openid: Type.Optional(Token),
      application_credential: Type.Optional(ApplicationCredential),
      oauth1: Type.Optional(Type.Object({})),
    }),
    scope: Type.Optional(
      Type.Unsafe<ScopeRequest>({
        anyOf: [
          { type: 'string', enum: ['unscoped'] },
          Type.Object({
            project: Type.Optional(ScopeProject),
            domain: Type.Optional(Domain),
            unscoped: Type.Optional(Type.Object({})),
            system: Type.Optional(Type.Object({ all: Type.Boolean() })),
            'OS-TRUST:trust': Type.Optional(Type.Object({ id: Id })),
          }),
        ],
      }),
    ),
  }),
})

interface DomainRef {
  id?: string
  name?: string
}
export type ScopeRequest =
  | 'unscoped'
  | {
      project?: { id?: string; name?: string; domain?: DomainRef }
      domain?: DomainRef
      unscoped?: object
      system?: { all: boolean }
      'OS-TRUST:trust'?: { id: string }
    }
