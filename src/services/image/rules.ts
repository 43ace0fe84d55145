// Check strings that image operations share, as upstream has them.
import { rule } from '../../auth/policy.ts'

export const baseRules: Record<string, string> = {
  default: '',
  context_is_admin: 'role:admin',
}

export const ownerMember = 'rule:context_is_admin or (role:member and project_id:%(project_id)s)'
const seen =
  "project_id:%(project_id)s or project_id:%(member_id)s or 'community':%(visibility)s or 'public':%(visibility)s or 'shared':%(visibility)s"
export const seenByReader = `rule:context_is_admin or (role:reader and (${seen}))`
export const seenByMember = `rule:context_is_admin or (role:member and (${seen}))`
export const anyReader = 'rule:context_is_admin or (role:reader and project_id:%(project_id)s)'
export const membersReader = 'rule:context_is_admin or (role:reader and (project_id:%(project_id)s or project_id:%(member_id)s))'
export const invitedMember = 'rule:context_is_admin or (role:member and project_id:%(member_id)s)'
export const admin = 'rule:context_is_admin'

export const tokenOnly = rule('default', '', 'What needs no more than a token.')
