// What a provider said of somebody, as mappings name it. They were written for a web server's module in front, which handed on
// a claim `email` as OIDC-email, OIDC_CLAIM_email or HTTP_OIDC_EMAIL: all these are found.

export type Claims = Record<string, unknown>

const prefix = /^(HTTP_)?OIDC[-_](CLAIM[-_])?/i
const spelled = (name: string) => name.toLowerCase().replaceAll('-', '_')

/** The values of what a mapping calls `type`; undefined where nothing was said. Never a part of a text, whatever it holds. */
export function claimValues(claims: Claims, type: string): string[] | undefined {
  const bare = type.replace(prefix, '')
  if (type === 'REMOTE_USER') return remoteUser(claims)
  let value = Object.hasOwn(claims, type) && !prefix.test(type) ? claims[type] : undefined
  if (value === undefined && bare !== type) {
    if (Object.hasOwn(claims, bare)) value = claims[bare]
    else {
      // The web server's spelling has lost case and hyphens: only a name that is the same for exactly one claim is taken.
      const names = Object.keys(claims).filter((name) => spelled(name) === spelled(bare))
      if (names.length === 1) value = claims[names[0]!]
    }
  }
  const found = texts(value)
  return found.length ? found : undefined
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return value === '' ? [] : [value]
  if (typeof value === 'number' || typeof value === 'boolean') return [String(value)]
  return Array.isArray(value) ? value.flatMap((part) => (Array.isArray(part) ? [] : texts(part))) : []
}

/** `sub@issuer`, as the web server's module makes it. */
function remoteUser({ sub, iss }: Claims): string[] | undefined {
  return typeof sub === 'string' && typeof iss === 'string' ? [`${sub}@${iss.replace(/^https?:\/\//, '')}`] : undefined
}
