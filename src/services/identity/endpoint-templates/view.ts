// How a template, and the endpoint that a tenant has of it, are shown (reference 10.2).
import { type Static, Type } from 'typebox'
import type { Endpoint, Service } from '../../../auth/tables.ts'
import { urls as shownUrls, versionTexts } from '../v2.0/schema.ts'

/** An endpoint with three addresses. */
export interface Template {
  id: string
  rows: Endpoint[]
  service: Service
}

/** What is kept beside the rows of an endpoint. */
export const versionFields = ['versionId', 'versionInfo', 'versionList'] as const

/** Numbers where they were given as such, as the reference has them; other ids are text. */
export const shownId = (id: string): string | number => (/^(0|[1-9]\d{0,14})$/.test(id) ? Number(id) : id)

/** Version, its address and that of the list, as far as a public address tells: `https://host/compute/v2.1/project`. */
export function versionOf(url: string | undefined): Record<string, string> {
  const match = /^(.*\/)v(\d+(?:\.\d+)?)(?=\/|$)/.exec(url ?? '')
  return match ? { versionId: match[2]!, versionInfo: `${match[0]}/`, versionList: match[1]! } : {}
}

const urls = (rows: Endpoint[]) => Object.fromEntries(rows.map((row) => [`${row.interface}URL`, row.url]))

const shown = {
  id: Type.Unsafe<string | number>({ type: ['string', 'integer'] }),
  /** Where the endpoint is in one. */
  region: Type.Optional(Type.String()),
  type: Type.String(),
  ...shownUrls,
  ...versionTexts,
}
export const ShownTemplate = Type.Object({
  ...shown,
  /** Of those that every tenant sees. */
  global: Type.Optional(Type.Literal(true)),
  enabled: Type.Boolean(),
})
export const TenantEndpoint = Type.Object({ ...shown, tenantId: Type.String() })

function common({ rows, service }: Template) {
  const addresses = urls(rows)
  const { extra, region_id } = rows[0]!
  const kept = Object.fromEntries(versionFields.filter((name) => name in extra).map((name) => [name, extra[name]]))
  return {
    ...(region_id === null ? {} : { region: region_id }),
    type: service.type,
    ...addresses,
    ...versionOf(addresses.publicURL),
    ...kept,
  }
}

export const templateView = (template: Template): Static<typeof ShownTemplate> => {
  const { enabled, on_request } = template.rows[0]!
  return { id: shownId(template.id), ...common(template), ...(on_request ? {} : { global: true as const }), enabled }
}

export const tenantEndpointView = (template: Template, tenantId: string): Static<typeof TenantEndpoint> => ({
  id: shownId(template.id),
  tenantId,
  ...common(template),
})
