// Files with secrets, readable by their owner only: the admin's password and the client settings that hold it.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cloud } from './cloud.ts'
import type { Config } from './config.ts'
import type { Random } from './environment.ts'

const passwordFile = (config: Config) => join(config.dataDir, 'admin-password')

/** The password from the settings, or the random one made at the first start (durable before it is used). */
export function adminPassword(config: Config, random: Random): string {
  const file = passwordFile(config)
  if (config.adminPassword !== null) {
    writeFileSync(file, `${config.adminPassword}\n`, { mode: 0o600, flush: true })
    return config.adminPassword
  }
  if (existsSync(file)) return readFileSync(file, 'utf8').trimEnd()
  const password = random.bytes(15).toString('base64url')
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 })
  writeFileSync(file, `${password}\n`, { mode: 0o600, flush: true })
  return password
}

const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`

/** Writes clouds.yaml (cloud `nephos`) and openrc into the data folder. */
export function writeClientFiles(cloud: Cloud): { cloudsYaml: string; openrc: string } {
  const { config } = cloud
  const password = readFileSync(passwordFile(config), 'utf8').trimEnd()
  const authUrl = `${cloud.endpoints.root('identity')}/v3`
  const cloudsYaml = join(config.dataDir, 'clouds.yaml')
  const openrc = join(config.dataDir, 'openrc')
  const settings = {
    clouds: {
      nephos: {
        auth: {
          auth_url: authUrl,
          username: 'admin',
          password,
          project_name: 'admin',
          user_domain_name: 'Default',
          project_domain_name: 'Default',
        },
        region_name: config.region,
        identity_api_version: 3,
      },
    },
  }
  // JSON is YAML.
  writeFileSync(cloudsYaml, `${JSON.stringify(settings, null, 2)}\n`, { mode: 0o600 })
  const variables: Record<string, string> = {
    OS_AUTH_URL: authUrl,
    OS_USERNAME: 'admin',
    OS_PASSWORD: password,
    OS_PROJECT_NAME: 'admin',
    OS_USER_DOMAIN_NAME: 'Default',
    OS_PROJECT_DOMAIN_NAME: 'Default',
    OS_REGION_NAME: config.region,
    OS_IDENTITY_API_VERSION: '3',
  }
  writeFileSync(
    openrc,
    Object.entries(variables)
      .map(([name, value]) => `export ${name}=${quoted(value)}\n`)
      .join(''),
    { mode: 0o600 },
  )
  return { cloudsYaml, openrc }
}
