import type { BaseContext } from '../../../api/operation.ts'
import type { AlsoIn } from '../../../auth/store.ts'

/** The groups that whoever asks is in besides those for good: of the login that the token came from, and those that last a while. */
export const alsoIn = ({ who, cloud }: Pick<BaseContext, 'who' | 'cloud'>): AlsoIn => ({
  groups: who.federation?.groupIds,
  now: cloud.environment.clock.now(),
})
