// Several factors at login: users may say which methods are needed together (options multi_factor_auth_*). Who has proven a part of them
// gets a receipt, and shows it with the rest.
import { Fault, unauthorized } from '../../../api/faults.ts'
import type { Receipt } from '../../../auth/receipts.ts'
import { findProject, findUser } from '../../../auth/store.ts'
import type { User } from '../../../auth/tables.ts'
import type { Cloud } from '../../../cloud.ts'
import { tokenTime } from './view.ts'

export const receiptHeader = 'openstack-auth-receipt'

/** What this cloud can check; other names in a rule are passed over, as upstream does, so that no rule shuts a user out for ever. */
const known = new Set(['password', 'token', 'totp', 'application_credential', 'oauth1', 'mapped', 'openid', 'saml2'])
/** Signed requests of services; no login. */
const apart = 'ec2credential'

/** The lists of methods, one of which a user has to prove as a whole; none when one method is enough. */
export function factorRules({ multi_factor_auth_enabled: enabled, multi_factor_auth_rules: rules }: User['options']): string[][] {
  if (enabled === false || !Array.isArray(rules)) return []
  return (rules as string[][]).map((rule) => rule.filter((method) => known.has(method))).filter((rule) => rule.length)
}

/** 401 with a receipt for what was proven. */
export class MissingFactors extends Fault {
  readonly receipt: { text: string; receipt: Receipt }
  readonly user: User
  readonly rules: string[][]
  constructor(user: User, rules: string[][], receipt: { text: string; receipt: Receipt }) {
    super(401, unauthorized().message, { headers: { [receiptHeader]: receipt.text } })
    this.user = user
    this.rules = rules
    this.receipt = receipt
  }
}

/** Throws MissingFactors when the user's rules ask for more than was proven. */
export async function ensureFactors(cloud: Cloud, userId: string, methods: string[]): Promise<void> {
  if (methods.includes(apart)) return
  const user = await findUser(cloud.database.read, userId)
  const rules = user ? factorRules(user.options) : []
  if (!user || !rules.length || rules.some((rule) => rule.every((method) => methods.includes(method)))) return
  throw new MissingFactors(user, rules, cloud.receipts.issue({ userId, methods, epoch: user.token_epoch }))
}

/** The body of that answer, as upstream has it. */
export async function receiptView(cloud: Cloud, { user, rules, receipt: { receipt } }: MissingFactors) {
  const domain = await findProject(cloud.database.read, user.domain_id)
  return {
    receipt: {
      methods: receipt.methods,
      user: { id: user.id, name: user.name, domain: { id: user.domain_id, name: domain?.name } },
      expires_at: tokenTime(receipt.expiresAt * 1000),
      issued_at: tokenTime(receipt.issuedAt * 1000),
    },
    required_auth_methods: rules,
  }
}

/** The methods of a receipt that was shown; it must be that of the same user, and of the same password. Throws 401. */
export function receiptMethods(cloud: Cloud, text: string | string[] | undefined, proof: { userId: string; epoch: number }): string[] {
  if (text === undefined) return []
  const receipt = typeof text === 'string' ? cloud.receipts.read(text) : null
  if (receipt?.userId !== proof.userId || receipt.epoch !== proof.epoch) throw unauthorized()
  return receipt.methods
}
