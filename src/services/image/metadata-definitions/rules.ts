// Check strings of metadata definitions, as upstream has them: readers see public and own namespaces, administrators write.
import { type Rule, rule } from '../../../auth/policy.ts'

export const metadataRules: Record<string, string> = { metadef_default: '', metadef_admin: 'role:admin' }

const seen = "rule:context_is_admin or (role:reader and (project_id:%(project_id)s or 'public':%(visibility)s))"

export const reads = (name: string, description: string): Rule => rule(name, seen, description)
export const writes = (name: string, description: string): Rule => rule(name, 'rule:metadef_admin', description)
