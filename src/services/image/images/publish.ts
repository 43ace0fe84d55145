// Who may show an image to others.
import { forbidden } from '../../../api/faults.ts'
import type { BaseContext } from '../../../api/operation.ts'
import { rule } from '../../../auth/policy.ts'
import { admin, ownerMember } from '../rules.ts'
import type { Visibility } from '../tables.ts'

export const publishRules = [
  rule('publicize_image', admin, 'Make an image visible to all projects.'),
  rule('communitize_image', ownerMember, 'Let all projects use an image that they are told of.'),
]

/** Throws 403 unless the asker may give an image of that owner that visibility. */
export function checkVisibility({ allows }: Pick<BaseContext, 'allows'>, visibility: Visibility, owner: string): void {
  const name = visibility === 'public' ? 'publicize_image' : visibility === 'community' ? 'communitize_image' : null
  if (name && !allows(name, { project_id: owner, owner, visibility })) throw forbidden(`You are not authorized to complete ${name} action.`)
}
