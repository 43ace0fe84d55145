// A home document (draft-nottingham-json-home): what resources there are and where, by the names that clients know, from the declarations.
import type { Operation } from './operation.ts'

export interface HomeNames {
  /** Beginning of the names of relations and parameters: `https://docs.openstack.org/api/openstack-identity/3`. */
  base: string
  /** Names that do not follow from the path; null leaves a path out. */
  relations?: Record<string, string | null>
}

interface HomeResource {
  href?: string
  'href-template'?: string
  'href-vars'?: Record<string, string>
}

const singular = (word: string) => (word.endsWith('ies') ? `${word.slice(0, -3)}y` : word.replace(/s$/, ''))
const isParameter = (segment: string | undefined) => segment?.startsWith('{') ?? false
/** `OS-TRUST`: names of extensions are no part of a resource's name. */
const isExtension = (segment: string) => /^(?:OS|s3|ec2)-?[A-Z0-9-]+$/.test(segment)

/** `/users/{user_id}/groups` is `user_groups`, `/groups/{group_id}/users/{user_id}` is `group_user`. */
function nameOf(segments: string[]): string {
  const own = segments.filter((segment) => !isExtension(segment))
  return own
    .flatMap((segment, index) => (isParameter(segment) ? [] : [isParameter(own[index + 1]) ? singular(segment) : segment]))
    .join('_')
}

/** The resources of a version, by relation. `prefix` stands before each address: `/v3` in the document of the root. */
export function homeDocument(operations: readonly Operation[], major: string, prefix: string, { base, relations = {} }: HomeNames) {
  const resources: Record<string, HomeResource> = {}
  const paths = [...new Set(operations.filter((each) => each.majors?.includes(major)).map((each) => each.path))]
  // Paths without parameters first: where two would have one name, the shorter has it.
  paths.sort((a, b) => a.split('/').length - b.split('/').length || (a < b ? -1 : 1))
  for (const path of paths) {
    const known = relations[path]
    if (path === '/' || known === null) continue
    const segments = path.split('/').slice(1)
    const extension = segments.find(isExtension)
    const root = extension ? `${base}/ext/${extension}/1.0` : base
    const parameters = segments.filter(isParameter).map((segment) => segment.slice(1, -1))
    let relation = `${root}/rel/${known ?? nameOf(segments)}`
    if (resources[relation]) relation += `_${parameters.at(-1)?.replace(/_id$/, '') ?? 'other'}`
    if (resources[relation]) continue
    resources[relation] = parameters.length
      ? {
          'href-template': prefix + path,
          'href-vars': Object.fromEntries(
            parameters.map((name) => [name, `${isCore(name, operations, major) ? base : root}/param/${name}`]),
          ),
        }
      : { href: prefix + path }
  }
  return { resources }
}

/** Whether a parameter is of a resource outside of all extensions. */
const isCore = (name: string, operations: readonly Operation[], major: string) =>
  operations.some(({ path, majors }) => majors?.includes(major) && path.includes(`{${name}}`) && !path.split('/').some(isExtension))

/** Whether a client asks for the home document and not for JSON. */
export function wantsHome(accept: string | undefined): boolean {
  if (!accept?.includes('application/json-home')) return false
  const quality = (type: string) => {
    const part = accept.split(',').find((each) => each.split(';')[0]!.trim() === type)
    const q = part?.split(';').find((each) => each.trim().startsWith('q='))
    return part === undefined ? 0 : q === undefined ? 1 : Number(q.trim().slice(2)) || 0
  }
  return quality('application/json-home') > quality('application/json')
}
