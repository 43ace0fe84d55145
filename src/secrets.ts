// Files with secrets, readable by their owner only: the passwords of the first users and the client settings that hold them.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cloud } from './cloud.ts'
import type { Config } from './config.ts'
import type { Random } from './environment.ts'

const passwordFile = (config: Config, user: User) => join(config.dataDir, `${user}-password`)

export type User = 'admin' | 'demo'

/** The password from the settings, or the random one made at the first start (durable before it is used). */
function passwordOf(config: Config, user: User, given: string | null, random: Random): string {
  const file = passwordFile(config, user)
  if (given === null && existsSync(file)) return readFileSync(file, 'utf8').trimEnd()
  const password = given ?? random.bytes(15).toString('base64url')
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(file, `${password}\n`, { mode: 0o600, flush: true })
  return password
}

export const adminPassword = (config: Config, random: Random): string => passwordOf(config, 'admin', config.adminPassword, random)
export const demoPassword = (config: Config, random: Random): string => passwordOf(config, 'demo', config.demoPassword, random)

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** Writes clouds.yaml (clouds `nephos` and `nephos-demo`), openrc and demo-openrc into the data folder. */
export function writeClientFiles(cloud: Cloud): { cloudsYaml: string; openrc: string } {
  const { config } = cloud
  const cloudsYaml = join(config.dataDir, 'clouds.yaml')
  const openrc = join(config.dataDir, 'openrc')
  const auth_url = `${cloud.endpoints.root('identity')}/v3`
  const users = (['admin', 'demo'] as const).filter((user) => existsSync(passwordFile(config, user)))
  const logins = users.map((user) => ({ user, password: readFileSync(passwordFile(config, user), 'utf8').trimEnd() }))
  const clouds = logins.map(({ user, password }) => [
    user === 'admin' ? 'nephos' : 'nephos-demo',
    {
      auth: {
        auth_url,
        username: user,
        password,
        project_name: user,
        user_domain_name: 'Default',
        project_domain_name: 'Default',
      },
      region_name: config.region,
      identity_api_version: 3,
    },
  ])
  // JSON is YAML.
  writeFileSync(cloudsYaml, `${JSON.stringify({ clouds: Object.fromEntries(clouds) }, null, 2)}\n`, { mode: 0o600 })
  for (const { user, password } of logins) {
    const variables: Record<string, string> = {
      OS_AUTH_URL: auth_url,
      OS_USERNAME: user,
      OS_PASSWORD: password,
      OS_PROJECT_NAME: user,
      OS_USER_DOMAIN_NAME: 'Default',
      OS_PROJECT_DOMAIN_NAME: 'Default',
      OS_REGION_NAME: config.region,
      OS_IDENTITY_API_VERSION: '3',
    }
    const lines = Object.entries(variables).map(([name, value]) => `export ${name}=${quoted(value)}\n`)
    writeFileSync(user === 'admin' ? openrc : join(config.dataDir, 'demo-openrc'), lines.join(''), { mode: 0o600 })
  }
  return { cloudsYaml, openrc }
}
