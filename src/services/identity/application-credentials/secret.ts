// Secrets of application credentials. One that was made here has 512 random bits: nobody guesses it, so a fast hash guards it as well as a
// slow one would, and a login costs no password hash. One that its user chose is a password, and so is what was kept of both formerly.
import { createHash, timingSafeEqual } from 'node:crypto'
import { checkPassword, hashPassword } from '../../../auth/passwords.ts'
import type { Secret } from '../../../auth/secret.ts'
import type { Cloud } from '../../../cloud.ts'

const fast = '$sha256$'
const digest = (secret: string) => createHash('sha256').update('nephos application credential\0').update(secret).digest()

export interface NewSecret {
  /** For the one answer that shows it. */
  secret: string
  hash: string
}

/** The secret that was chosen, or a new one, with what is kept of it. Slow for a chosen one: never in a transaction. */
export async function newSecret({ environment, config }: Cloud, chosen: Secret | null | undefined): Promise<NewSecret> {
  const { random } = environment
  if (chosen !== null && chosen !== undefined)
    return { secret: chosen.reveal(), hash: await hashPassword(chosen, config.passwordCost, random) }
  const secret = random.bytes(64).toString('base64url')
  return { secret, hash: fast + digest(secret).toString('base64url') }
}

/** Whether it is the secret. A wrong one takes as long whatever is kept, also for a credential that is not there (`hash` null). */
export async function isSecret({ config }: Cloud, secret: Secret, hash: string | null): Promise<boolean> {
  if (!hash?.startsWith(fast)) return checkPassword(secret, hash, config.passwordCost)
  const kept = Buffer.from(hash.slice(fast.length), 'base64url')
  const given = digest(secret.reveal())
  return (kept.length === given.length && timingSafeEqual(kept, given)) || checkPassword(secret, null, config.passwordCost)
}
