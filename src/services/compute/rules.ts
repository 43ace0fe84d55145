// Check strings that compute's operations share, as upstream has them.
export const baseRules: Record<string, string> = {
  context_is_admin: 'role:admin',
  admin_or_owner: 'is_admin:True or project_id:%(project_id)s',
  admin_api: 'is_admin:True',
  project_member_api: 'role:member and project_id:%(project_id)s',
  project_reader_api: 'role:reader and project_id:%(project_id)s',
  project_member_or_admin: 'rule:project_member_api or rule:context_is_admin',
  project_reader_or_admin: 'rule:project_reader_api or rule:context_is_admin',
}
export const admin = 'rule:context_is_admin'
export const memberOrAdmin = 'rule:project_member_or_admin'
export const readerOrAdmin = 'rule:project_reader_or_admin'
export const anyone = '@'
/** An owner's thing that belongs to a user and not to a project. */
export const adminOrUser = '(rule:context_is_admin) or user_id:%(user_id)s'
