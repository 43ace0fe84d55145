// Version documents: what clients read first, without a token, to learn which versions there are and where.
import { type Static, Type } from 'typebox'
import { type HomeNames, homeDocument, wantsHome } from './json-home.ts'
import { type BaseContext, type Operation, operation, reply } from './operation.ts'
import type { Link } from './types.ts'
import { xml } from './xml/annotation.ts'

export interface VersionEntry {
  /** As clients know it: `v3.14`, `v2.0`. */
  id: string
  /** Part of the path: `v3`. Several entries may share one. */
  major: string
  status: 'CURRENT' | 'SUPPORTED' | 'DEPRECATED' | 'stable'
  /** ISO time without fractions, where the service's documents have one. */
  updated?: string
  /** Least and greatest microversion, '' where the service has some but this version has none; left out where the service has none. */
  min_version?: string
  version?: string
  /** Shown in `media-types`. */
  mediaTypes?: { base: string; type: string }[]
  /** Shown behind the self link. */
  moreLinks?: (Link & { type?: string })[]
  /** Ids in data/operations.json of this version's own document. */
  catalog?: string[]
}

export interface VersionDocuments {
  /** Newest first or as the service's reference orders them. */
  versions: VersionEntry[]
  /** `list`: {"versions": [...]}. `values`: {"versions": {"values": [...]}}. */
  style: 'list' | 'values'
  /** Status of the list: 200 or 300. */
  status: 200 | 300
  /** Where the list is: `/` unless given. */
  paths?: readonly string[]
  /** What stands at `/v3` itself: `version` {"version": {...}}, `versions` a list of one, null when the service writes that operation itself. */
  own: 'version' | 'versions' | null
  /** Whether media types are in the list too, and not only in a version's own document. */
  mediaTypesInList?: boolean
  /** Ids in data/operations.json of the list. */
  catalog?: string[]
  /** The version that has a home document (application/json-home), of which service, and its names. */
  home?: { service: string; major: string; names: HomeNames }
}

const Version = Type.Object({
  id: Type.String(),
  status: Type.Unsafe<VersionEntry['status']>({ enum: ['CURRENT', 'SUPPORTED', 'DEPRECATED', 'stable'] }),
  updated: Type.Optional(Type.String()),
  /** Only of services with microversions. */
  version: Type.Optional(Type.String()),
  min_version: Type.Optional(Type.String()),
  links: Type.Array(Type.Object({ rel: Type.String(), href: Type.String(), type: Type.Optional(Type.String()) })),
  'media-types': Type.Optional(Type.Array(Type.Object({ base: Type.String(), type: Type.String() }))),
})

function entry(version: VersionEntry, context: BaseContext, mediaTypes: boolean): Static<typeof Version> {
  const { id, status, updated, min_version, version: highest } = version
  return {
    id,
    status,
    ...(updated === undefined ? {} : { updated }),
    ...(highest === undefined ? {} : { version: highest, min_version: min_version ?? '' }),
    links: [{ rel: 'self', href: context.href(`//${version.major}/`) }, ...(version.moreLinks ?? [])],
    ...(mediaTypes && version.mediaTypes ? { 'media-types': version.mediaTypes } : {}),
  }
}

/** The operations of a service's version documents: lists at its root, and one at each version. Addresses are those by which the client came. */
export function versionDocuments({
  versions,
  style,
  status,
  paths = ['/'],
  own,
  mediaTypesInList = false,
  catalog = [],
  home,
}: VersionDocuments): Operation[] {
  const homes = new Map<string, object>()
  /** The home document, when it is asked for and this place has one. */
  function homeReply({ cloud, headers }: BaseContext, prefix: string) {
    if (!home || !wantsHome(headers.accept)) return undefined
    const { operations } = cloud.services.find(({ name }) => name === home.service)!
    const body = homes.get(prefix) ?? homeDocument(operations, home.major, prefix, home.names)
    homes.set(prefix, body)
    return reply({ headers: { 'content-type': 'application/json-home', vary: 'Accept' }, status: 200, body })
  }
  const common = { method: 'GET', auth: 'none', policy: null } as const
  const lists = paths.map((path, index) =>
    operation({
      ...common,
      id: index ? `versions.list${path.replaceAll('/', '.')}` : 'versions.list',
      path,
      majors: [''],
      summary: 'List versions',
      catalog: index ? [] : catalog,
      status,
      // A home document is not one of several to choose from.
      ...(home && status !== 200 ? { otherStatuses: [200] } : {}),
      answer: Type.Object({
        versions:
          style === 'values' ? Type.Object({ values: xml({ wrapped: false, item: 'version' }, Type.Array(Version)) }) : Type.Array(Version),
      }),
      async handle(context) {
        const resources = homeReply(context, home ? `/${home.major}` : '')
        if (resources) return resources
        const entries = versions.map((version) => entry(version, context, mediaTypesInList))
        return reply({ headers: { vary: 'X-Auth-Token' }, body: { versions: style === 'values' ? { values: entries } : entries } })
      },
    }),
  )
  if (own === null) return lists
  const seen = new Set<string>()
  const firsts = versions.filter(({ major }) => !seen.has(major) && seen.add(major))
  const documents = firsts.map((version) =>
    operation({
      ...common,
      id: `versions.show-${version.major}`,
      path: '/',
      majors: [version.major],
      summary: `Show details of version ${version.major}`,
      catalog: version.catalog ?? [],
      answer: Type.Object(own === 'version' ? { version: Version } : { versions: Type.Array(Version) }),
      async handle(context) {
        const resources = home?.major === version.major ? homeReply(context, '') : undefined
        if (resources) return resources
        const shown = entry(version, context, true)
        return reply({ headers: { vary: 'X-Auth-Token' }, body: own === 'version' ? { version: shown } : { versions: [shown] } })
      },
    }),
  )
  return [...lists, ...documents]
}
