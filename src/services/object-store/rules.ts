import { rule } from '../../auth/policy.ts'

/** Who owns an account: its operators. Reseller administrators own all. Container lists and temporary URLs let others in. */
export const accessRules = [
  rule('object-store:reseller_admin', 'role:ResellerAdmin', 'Act in any account and set its quota.'),
  rule(
    'object-store:operator',
    '(role:admin or role:member or role:swiftoperator) and project_id:%(project_id)s',
    'Do everything in the account of the own project.',
  ),
  rule('object-store:reader', 'role:reader and project_id:%(project_id)s', 'Read everything in the account of the own project.'),
]
