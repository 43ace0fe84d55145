// What other services may ask of identity.
import { createHash } from 'node:crypto'
import { findUser } from '../../auth/store.ts'
import type { Who } from '../../auth/who.ts'
import type { Cloud } from '../../cloud.ts'
import { ec2Keys } from './credentials/blob.ts'
import { findCredential } from './credentials/store.ts'
import { isInactive } from './users/attempts.ts'

export interface IdentityFacade {
  /** The secret behind an EC2 access key and who acts with it; null when there is no such key or its user may do nothing there. */
  ec2(access: string): Promise<{ secret: string; who: Who } | null>
}

declare module '../facades.ts' {
  interface Facades {
    identity: IdentityFacade
  }
}

export const identityFacade = (cloud: Cloud): IdentityFacade => ({
  async ec2(access) {
    const { read } = cloud.database
    await cloud.keys.refresh()
    const row = await findCredential(read, createHash('sha256').update(access).digest('hex'))
    const keys = row ? ec2Keys(cloud, row) : null
    if (!row?.project_id || !keys) return null
    const user = await findUser(read, row.user_id)
    if (!user || isInactive(cloud.config, user, cloud.environment.clock.now())) return null
    const seconds = Math.floor(cloud.environment.clock.now() / 1000)
    const who = await cloud.tokens.resolve(read, {
      userId: user.id,
      epoch: user.token_epoch,
      methods: ['ec2credential'],
      scope: { type: 'project', id: row.project_id },
      issuedAt: seconds,
      expiresAt: seconds + 900,
      auditIds: [row.id],
      delegation: { kind: 'ec2', id: row.delegation_id, epoch: user.token_epoch },
    })
    return who && { secret: keys.secret, who }
  },
})
