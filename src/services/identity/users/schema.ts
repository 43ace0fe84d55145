import { type Static, Type } from 'typebox'
import { Name, Nullable, SecretText } from '../../../api/types.ts'
import { Description, Extended, Id, SelfLink } from '../attributes.ts'
import { Federated } from './federated.ts'

const Flag = Type.Optional(Type.Union([Type.Boolean(), Type.Null()]))
/** Ways in which a user may log in: each a list of methods that are needed together. */
const Rules = Type.Array(
  Type.Array(Type.String({ minLength: 1, maxLength: 64, pattern: '^[\\w-]+$' }), { minItems: 1, maxItems: 10, uniqueItems: true }),
  { maxItems: 20, uniqueItems: true },
)
/** Those that upstream knows. */
const UserOptions = Type.Object(
  {
    lock_password: Flag,
    ignore_change_password_upon_first_use: Flag,
    ignore_password_expiry: Flag,
    ignore_lockout_failure_attempts: Flag,
    ignore_user_inactivity: Flag,
    multi_factor_auth_enabled: Flag,
    multi_factor_auth_rules: Type.Optional(Type.Union([Rules, Type.Null()])),
  },
  { additionalProperties: false },
)

const Password = Type.Union([SecretText({ maxLength: 4096 }), Type.Null()])
const attributes = {
  password: Type.Optional(Password),
  enabled: Type.Optional(Type.Boolean()),
  description: Type.Optional(Description),
  email: Type.Optional(Type.Union([Type.String({ maxLength: 255 }), Type.Null()])),
  default_project_id: Type.Optional(Type.Union([Id, Type.Null()])),
  domain_id: Type.Optional(Id),
  options: Type.Optional(UserOptions),
  federated: Type.Optional(Federated),
}
export const UserCreate = Type.Object({ user: Type.Object({ name: Name, ...attributes }) })
export const UserUpdate = Type.Object({ user: Type.Object({ name: Type.Optional(Name), ...attributes }, { minProperties: 1 }) })

/** A user as it is shown (reference 6.7). Never with anything of the password. */
export const User = Extended({
  id: Type.String(),
  name: Type.String(),
  domain_id: Type.String(),
  enabled: Type.Boolean(),
  // Where the user has one.
  default_project_id: Type.Optional(Type.String()),
  description: Type.Optional(Type.String()),
  email: Type.Optional(Type.String()),
  options: UserOptions,
  password_expires_at: Nullable(Type.String()),
  /** Of users who are somebody at an identity provider. */
  federated: Type.Optional(Federated),
  links: SelfLink,
})

export const knownUser = ['name', ...Object.keys(attributes)]
export type UserBody = Static<typeof UserUpdate>['user'] & Record<string, unknown>
export const PasswordChange = Type.Object({
  user: Type.Object({ password: SecretText({ minLength: 1, maxLength: 4096 }), original_password: SecretText({ maxLength: 4096 }) }),
})
