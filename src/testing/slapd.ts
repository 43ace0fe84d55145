// A real directory for tests: slapd on loopback, in a temporary folder. Null where it is not installed.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'ldapts'
import { findProgram } from '../cli/host-programs.ts'
import { freePort } from './free-port.ts'

export const suffix = 'dc=example,dc=com'
export const root = { dn: `cn=root,${suffix}`, password: 'the-password-of-the-reader' }
const person = (uid: string, more: string) =>
  `dn: uid=${uid},ou=people,${suffix}\nobjectClass: inetOrgPerson\nuid: ${uid}\nsn: ${uid}\ncn: ${uid}\n${more}\n`
const group = (cn: string, members: string[]) =>
  `dn: cn=${cn},ou=groups,${suffix}\nobjectClass: groupOfNames\ncn: ${cn}\n${members.map((uid) => `member: uid=${uid},ou=people,${suffix}\n`).join('')}\n`

const content = [
  `dn: ${suffix}\nobjectClass: dcObject\nobjectClass: organization\no: Example\ndc: example\n`,
  ...['people', 'groups'].map((ou) => `dn: ou=${ou},${suffix}\nobjectClass: organizationalUnit\nou: ${ou}\n`),
  person('ann', 'mail: ann@example.com\ndescription: the first\nuserPassword: password-of-ann\nemployeeType: TRUE\n'),
  person('bob', 'userPassword: password-of-bob\nemployeeType: FALSE\n'),
  person('admin', 'userPassword: password-of-the-other-admin\n'),
  person('star*', 'userPassword: password-of-star\n'),
  person('nopass', ''),
  group('dev', ['ann', 'bob', 'ghost']),
  group('ops', ['ann']),
].join('\n')

export const slapd = findProgram('slapd', '/usr/sbin:/usr/local/sbin:/sbin') ?? null

export interface TestDirectory extends AsyncDisposable {
  url: string
  /** Does something as the directory's administrator. */
  change(work: (client: Client) => Promise<unknown>): Promise<void>
  stop(): Promise<void>
  start(): Promise<void>
}

export async function startDirectory(): Promise<TestDirectory> {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-slapd-'))
  mkdirSync(join(folder, 'data'))
  const config = join(folder, 'slapd.conf')
  const modules = ['/usr/lib/ldap', '/usr/lib/openldap'].find((path) => existsSync(path))
  writeFileSync(
    config,
    [
      ...['core', 'cosine', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`),
      ...(modules ? [`modulepath ${modules}`, 'moduleload back_mdb'] : []),
      `pidfile ${folder}/pid`,
      // As careless as a directory may be: a name without a password is answered with success.
      'allow bind_anon_cred',
      'database mdb',
      `suffix "${suffix}"`,
      `rootdn "${root.dn}"`,
      `rootpw ${root.password}`,
      `directory ${folder}/data`,
      'dbnosync',
      '',
    ].join('\n'),
  )
  const load = spawnSync(slapd!.replace(/slapd$/, 'slapadd'), ['-f', config], { input: content, encoding: 'utf8' })
  if (load.status !== 0) throw new Error(`slapadd: ${load.stderr}`)
  const url = `ldap://127.0.0.1:${await freePort()}`
  let server: ChildProcess | null = null
  const result: TestDirectory = {
    url,
    async change(work) {
      const client = new Client({ url, timeout: 5000 })
      await client.bind(root.dn, root.password)
      await work(client)
      await client.unbind()
    },
    async start() {
      server = spawn(slapd!, ['-d', '0', '-h', url, '-f', config], { stdio: 'ignore' })
      for (let tries = 0; ; tries++) {
        const socket = net.connect(Number(new URL(url).port), '127.0.0.1')
        const open = await new Promise<boolean>((resolve) =>
          socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
        )
        socket.destroy()
        if (open) return
        if (tries > 2000 || server.exitCode !== null) throw new Error('slapd did not start')
        await new Promise((resolve) => setTimeout(resolve, 25))
      }
    },
    async stop() {
      if (!server || server.exitCode !== null) return
      server.kill('SIGTERM')
      await once(server, 'exit')
      server = null
    },
    async [Symbol.asyncDispose]() {
      await result.stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await result.start()
  return result
}
