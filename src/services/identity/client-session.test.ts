// What a user types: python3-openstackclient for every resource of identity, and what it shows.
import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { shiftedClock } from '../../testing/identity/users.ts'
import { type OpenStack, openstackPython, startOpenStack } from '../../testing/openstack.ts'
import { type TestCloud, testCloud } from '../../testing/test-cloud.ts'

type Row = Record<string, unknown>
/** Some 180 commands: ten seconds of processor time, half a minute on a busy machine. */
const skip = !openstackPython
  ? 'openstack is not installed: apt-get install python3-openstackclient'
  : process.env.NEPHOS_TEST_CLIENTS !== '1' && 'sessions of clients are long: NEPHOS_TEST_CLIENTS=1 runs them'

const clock = shiftedClock()
let cloud: TestCloud
let client: OpenStack
const words = (line: string) => line.split(' ')
/** Runs a command without output. */
const run = (line: string, ...more: string[]) => client.run([...words(line), ...more])
const show = (line: string, ...more: string[]) => client.json<Row>([...words(line), ...more])
const list = (line: string, ...more: string[]) => client.json<Row[]>([...words(line), ...more])
/** The values of these fields. */
const parts = async (line: string, ...names: string[]) => {
  const row = await show(line)
  return names.map((name) => row[name])
}
const column = async (name: string, line: string) => (await list(line)).map((row) => row[name]).sort()
const refuses = (line: string, words_: RegExp, environment?: Record<string, string>) =>
  assert.rejects(client.run(words(line), environment), words_)

test('openstack, for every resource of identity', { skip }, async (t: TestContext) => {
  const folder = mkdtempSync(join(tmpdir(), 'nephos-openstack-'))
  const file = (name: string, content: unknown) => {
    writeFileSync(join(folder, name), JSON.stringify(content))
    return join(folder, name)
  }
  cloud = await testCloud({ clock })
  client = startOpenStack({
    OS_AUTH_URL: `${cloud.url}/identity/v3`,
    OS_IDENTITY_API_VERSION: '3',
    OS_USERNAME: 'admin',
    OS_PASSWORD: 'test-admin',
    OS_PROJECT_NAME: 'admin',
    OS_USER_DOMAIN_ID: 'default',
    OS_PROJECT_DOMAIN_ID: 'default',
    OS_REGION_NAME: 'RegionOne',
    OS_CLIENT_CONFIG_FILE: join(folder, 'clouds.json'),
  })
  t.after(async () => {
    await client[Symbol.asyncDispose]()
    await cloud[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true, force: true })
  })
  const as = (name: string, password: string, project?: string) => ({
    OS_USERNAME: name,
    OS_PASSWORD: password,
    ...(project ? { OS_PROJECT_NAME: project } : {}),
  })

  await t.test('domains, projects, users, groups', async () => {
    const domain = await show('domain create --description d corp')
    assert.deepEqual([domain.name, domain.enabled, domain.description], ['corp', true, 'd'])
    assert.deepEqual(await column('Name', 'domain list'), ['Default', 'corp'])
    await run('domain set --name corp2 --disable corp')
    assert.equal((await show('domain show corp2')).enabled, false)
    await run('domain set --enable corp2')
    const project = await show('project create --domain corp2 --description p --tag red --property colour=blue top')
    assert.deepEqual([project.domain_id, project.tags, project.description], [domain.id, ['red'], 'p'])
    await run('project create --domain corp2 --parent top below')
    assert.deepEqual(await column('Name', 'project list --domain corp2'), ['below', 'top'])
    assert.deepEqual(await column('Name', 'project list --tags red'), ['top'])
    assert.deepEqual(await column('Name', `project list --parent ${project.id}`), ['below'])
    assert.deepEqual(Object.keys((await show('project show --domain corp2 --children top')).subtree as object).length, 1)
    await run('project set --domain corp2 --name first --tag green --property colour=red top')
    const changed = await show('project show --domain corp2 first')
    assert.deepEqual([changed.enabled, changed.colour, (changed.tags as string[]).sort()], [true, 'red', ['green', 'red']])
    const user = await show(
      'user create --domain corp2 --email e@example.com --description u --password one --project first --project-domain corp2 ann',
    )
    assert.deepEqual([user.name, user.email, user.default_project_id, user.enabled], ['ann', 'e@example.com', project.id, true])
    await run('user create --password two bob')
    assert.deepEqual(await column('Name', 'user list --domain corp2'), ['ann'])
    await run('user set --domain corp2 --name anna --email f@example.com --disable ann')
    assert.deepEqual((await show('user show --domain corp2 anna')).enabled, false)
    await run('project create p')
    await run('role add --user bob --project p manager')
    await client.run(words('user password set --original-password two --password three'), as('bob', 'two', 'p'))
    await refuses('token issue', /401/, as('bob', 'two', 'p'))
    const group = await show('group create --domain corp2 --description g team')
    assert.equal(group.description, 'g')
    await run('group set --domain corp2 --name crew --description h team')
    await run('group add user --group-domain corp2 --user-domain corp2 crew anna')
    assert.match(await run('group contains user --group-domain corp2 --user-domain corp2 crew anna'), /anna in group crew/)
    assert.deepEqual(await column('Name', 'user list --group crew --domain corp2'), ['anna'])
    assert.deepEqual(await column('Name', 'group list --user anna --user-domain corp2'), ['crew'])
    await run('group remove user --group-domain corp2 --user-domain corp2 crew anna')
    await refuses('group contains user --group-domain corp2 --user-domain corp2 crew bob', /No user|not in/)
    assert.equal((await show('group show --domain corp2 crew')).description, 'h')
    await refuses('domain delete corp2', /403|disabled/)
    await run('group delete --domain corp2 crew')
    await run('user delete --domain corp2 anna')
    await run('project delete --domain corp2 below first')
    await run('domain set --disable corp2')
    await run('domain delete corp2')
    assert.deepEqual(await column('Name', 'domain list'), ['Default'])
  })

  await t.test('roles, implied roles, assignments with every filter', async () => {
    await run('role remove --user bob --project p manager')
    await run('group create g')
    await run('group add user g bob')
    const role = await show('role create --description r auditor')
    await run('role set --name checker --description s auditor')
    assert.deepEqual(await parts('role show checker', 'id', 'description'), [role.id, 's'])
    await run('role create --domain default checker')
    assert.deepEqual(await column('Name', 'role list --domain default'), ['checker'])
    await run('role delete --domain default checker')
    assert.equal((await show('implied role create checker --implied-role reader')).prior_role, role.id)
    assert.ok(
      (await list('implied role list')).some((row) => row['Prior Role Name'] === 'checker' && row['Implied Role Name'] === 'reader'),
    )
    await run('role add --user bob --project p checker')
    await run('role add --group g --project p member')
    await run('role add --user bob --domain default --inherited reader')
    await run('role add --user bob --system all reader')
    const of = async (line: string) =>
      (await list(`role assignment list --names ${line}`))
        .map((row) => `${row.Role} ${row.User || row.Group} ${row.Project || row.Domain || row.System} ${row.Inherited}`)
        .sort()
    assert.deepEqual(await of('--user bob'), [
      'checker bob@Default p@Default false',
      'reader bob@Default Default true',
      'reader bob@Default all false',
    ])
    assert.deepEqual(await of('--group g'), ['member g@Default p@Default false'])
    assert.deepEqual(await of('--project p'), ['checker bob@Default p@Default false', 'member g@Default p@Default false'])
    assert.deepEqual(await of('--domain default --user bob'), ['reader bob@Default Default true'])
    assert.deepEqual(await of('--system all --user bob'), ['reader bob@Default all false'])
    assert.deepEqual(await of('--role checker'), ['checker bob@Default p@Default false'])
    assert.deepEqual(await of('--effective --user bob --project p'), [
      'checker bob@Default p@Default false',
      'member bob@Default p@Default false',
      'reader bob@Default p@Default false',
      'reader bob@Default p@Default false',
      'reader bob@Default p@Default true',
    ])
    assert.deepEqual(await of('--auth-user --auth-project'), ['admin admin@Default admin@Default false'])
    await run('role remove --user bob --domain default --inherited reader')
    await run('role remove --user bob --system all reader')
    await run('role remove --group g --project p member')
    await run('implied role delete checker --implied-role reader')
    assert.deepEqual(await of('--effective --user bob'), ['checker bob@Default p@Default false'])
    await run('role remove --user bob --project p checker')
    await run('role delete checker')
    await run('role add --user bob --project p manager')
  })

  await t.test('trusts, OAuth, application credentials, EC2 keys, credentials', async () => {
    // Who cannot list users and projects names them by their ids.
    const [bobId, adminId, projectId, memberId] = (await Promise.all(
      ['user show bob', 'user show admin', 'project show p', 'role show member'].map(async (line) => (await show(line)).id),
    )) as string[]
    const nobody = { OS_USERNAME: '', OS_PASSWORD: '', OS_PROJECT_NAME: '', OS_USER_DOMAIN_ID: '', OS_PROJECT_DOMAIN_ID: '' }
    const bob = as('bob', 'three', 'p')
    const trust = await client.json<Row>(
      words(`trust create --project ${projectId} --role ${memberId} --impersonate --expiration 2099-01-01T00:00:00 ${bobId} ${adminId}`),
      bob,
    )
    assert.equal(trust.impersonation, true)
    assert.equal((await client.json<Row[]>(words('trust list'), {})).length, 1)
    assert.equal((await show(`trust show ${trust.id}`)).trustee_user_id, adminId)
    const byTrust = { OS_TRUST_ID: trust.id as string, OS_PROJECT_NAME: '', OS_PROJECT_DOMAIN_ID: '' }
    assert.equal((await client.json<Row>(words('token issue'), byTrust)).user_id, bobId)
    await client.run(words(`trust delete ${trust.id}`), bob)
    await refuses('token issue', /401|trust/i, byTrust)

    const consumer = await show('consumer create --description c')
    await run(`consumer set --description changed ${consumer.id}`)
    assert.equal((await show(`consumer show ${consumer.id}`)).description, 'changed')
    assert.deepEqual(await column('ID', 'consumer list'), [consumer.id])
    const key = `--consumer-key ${consumer.id} --consumer-secret ${consumer.secret}`
    const request = await show(`request token create ${key} --project p`)
    const { oauth_verifier } = await client.json<Row>(words(`request token authorize --request-key ${request.id} --role ${memberId}`), bob)
    const access = await show(
      `access token create ${key} --request-key ${request.id} --request-secret ${request.secret} --verifier ${oauth_verifier}`,
    )
    const byOauth = {
      ...nobody,
      OS_AUTH_TYPE: 'v3oauth1',
      OS_CONSUMER_KEY: consumer.id as string,
      OS_CONSUMER_SECRET: consumer.secret as string,
      OS_ACCESS_KEY: access.id as string,
      OS_ACCESS_SECRET: access.secret as string,
    }
    assert.equal((await client.json<Row>(words('token issue'), byOauth)).project_id, projectId)
    await run(`consumer delete ${consumer.id}`)

    const made = await client.json<Row>(
      [
        ...words(`application credential create --role ${memberId} --description a --expiration 2099-01-01T00:00:00 --access-rules`),
        JSON.stringify([{ service: 'identity', method: 'GET', path: '/v3/auth/catalog' }]),
        'app',
      ],
      bob,
    )
    const bearer = {
      ...nobody,
      OS_AUTH_TYPE: 'v3applicationcredential',
      OS_APPLICATION_CREDENTIAL_ID: made.id as string,
      OS_APPLICATION_CREDENTIAL_SECRET: made.secret as string,
    }
    assert.ok((await client.json<Row[]>(words('catalog list'), bearer)).some((row) => row.Type === 'identity'))
    await refuses('user list', /401|403/, bearer)
    assert.deepEqual(
      (await client.json<Row[]>(words('application credential list'), bob)).map((row) => row.Name),
      ['app'],
    )
    assert.equal((await client.json<Row>(words('application credential show app'), bob)).description, 'a')
    const [rule] = await client.json<Row[]>(words('access rule list'), bob)
    assert.equal((await client.json<Row>(words(`access rule show ${rule!.ID}`), bob)).path, '/v3/auth/catalog')
    await client.run(words('application credential delete app'), bob)
    await client.run(words(`access rule delete ${rule!.ID}`), bob)
    await refuses('token issue', /401/, bearer)

    const keys = await client.json<Row>(words('ec2 credentials create'), bob)
    assert.deepEqual(
      (await client.json<Row[]>(words('ec2 credentials list'), bob)).map((row) => row.Access),
      [keys.access],
    )
    assert.equal((await client.json<Row>(words(`ec2 credentials show ${keys.access}`), bob)).secret, keys.secret)
    await client.run(words(`ec2 credentials delete ${keys.access}`), bob)

    const credential = await show('credential create --type cert --project p bob', 'x')
    await run(`credential set --type cert --user bob --data y --project p ${credential.id}`)
    assert.equal((await show(`credential show ${credential.id}`)).blob, 'y')
    assert.deepEqual(await column('ID', 'credential list --type cert --user bob'), [credential.id])
    await run(`credential delete ${credential.id}`)
  })

  await t.test('regions, services, endpoints, endpoint groups, policies, limits', async () => {
    await run('region create --description one north')
    await run('region create --parent-region north north-1')
    await run('region set --description two north')
    assert.equal((await show('region show north')).description, 'two')
    assert.deepEqual(await column('Region', 'region list --parent-region north'), ['north-1'])
    const service = await show('service create --name clock --description s --enable time')
    await run('service set --name watch --disable time')
    assert.deepEqual(await parts('service show watch', 'enabled', 'id'), [false, service.id])
    assert.ok((await column('Name', 'service list')).includes('watch'))
    await run('service set --enable watch')
    const endpoint = await show('endpoint create --region north watch public http://127.0.0.1/%(tenant_id)s')
    await run(`endpoint set --url http://127.0.0.2 --disable ${endpoint.id}`)
    assert.deepEqual(await parts(`endpoint show ${endpoint.id}`, 'url', 'enabled'), ['http://127.0.0.2', false])
    await run(`endpoint set --enable ${endpoint.id}`)
    assert.deepEqual(await column('ID', 'endpoint list --service watch --interface public --region north'), [endpoint.id])
    await run(`endpoint add project ${endpoint.id} p`)
    assert.deepEqual(await column('ID', 'endpoint list --project p'), [endpoint.id])
    assert.deepEqual(await column('Name', `endpoint list --endpoint ${endpoint.id}`), ['p'])
    await run(`endpoint remove project ${endpoint.id} p`)
    const filters = file('filters', { interface: 'public', service_id: service.id })
    const group = await show(`endpoint group create --description e few ${filters}`)
    await run(`endpoint group set --name some --description f ${group.id}`)
    assert.equal((await show('endpoint group show some')).description, 'f')
    await run('endpoint group add project some p')
    assert.deepEqual(await column('Name', 'endpoint group list --endpointgroup some'), ['p'])
    assert.deepEqual(await column('Name', 'endpoint group list --project p'), ['some'])
    assert.ok((await client.json<Row[]>(words('catalog list'), as('bob', 'three', 'p'))).some((row) => row.Type === 'time'))
    await run('endpoint group remove project some p')
    await run('endpoint group delete some')
    const policy = await show(`policy create --type application/json ${file('rules', { a: 'role:admin' })}`)
    await run(`policy set --rules ${file('rules2', { b: '!' })} ${policy.id}`)
    assert.match((await show(`policy show ${policy.id}`)).rules as string, /"b"/)
    assert.deepEqual(await column('ID', 'policy list'), [policy.id])
    await run(`policy delete ${policy.id}`)
    const registered = await show('registered limit create --service watch --default-limit 10 --region north --description l ticks')
    await run(`registered limit set --default-limit 20 ${registered.id}`)
    assert.equal((await show(`registered limit show ${registered.id}`)).default_limit, 20)
    const limit = await show('limit create --project p --service watch --resource-limit 15 --region north ticks')
    await run(`limit set --resource-limit 16 ${limit.id}`)
    assert.equal((await show(`limit show ${limit.id}`)).resource_limit, 16)
    assert.deepEqual(await column('ID', 'limit list --service watch --resource-name ticks --region north'), [limit.id])
    assert.deepEqual(await column('ID', 'registered limit list --service watch --resource-name ticks'), [registered.id])
    await run(`limit delete ${limit.id}`)
    await run(`registered limit delete ${registered.id}`)
    await run(`endpoint delete ${endpoint.id}`)
    await run('service delete watch')
    await run('region delete north-1')
    await run('region delete north')
  })

  await t.test('identity providers, mappings, protocols, service providers', async () => {
    await run('identity provider create --enable --description i --remote-id https://idp.example.com corp')
    await run('identity provider set --remote-id https://idp2.example.com --description j corp')
    const shown = await show('identity provider show corp')
    assert.deepEqual([shown.enabled, shown.description, shown.remote_ids], [true, 'j', ['https://idp2.example.com']])
    assert.deepEqual(await column('ID', 'identity provider list --enabled'), ['corp'])
    const rules = [{ remote: [{ type: 'sub' }], local: [{ user: { name: '{0}' } }] }]
    await run(`mapping create --rules ${file('map', rules)} people`)
    await run(`mapping set --rules ${file('map2', [{ ...rules[0], local: [{ user: { id: '{0}' } }] }])} people`)
    assert.match(JSON.stringify((await show('mapping show people')).rules), /"id"/)
    assert.deepEqual(await column('ID', 'mapping list'), ['people'])
    await run('federation protocol create --identity-provider corp --mapping people openid')
    await run('mapping create --rules', join(folder, 'map'), 'others')
    await run('federation protocol set --identity-provider corp --mapping others openid')
    assert.equal((await show('federation protocol show --identity-provider corp openid')).mapping, 'others')
    assert.deepEqual(await column('id', 'federation protocol list --identity-provider corp'), ['openid'])
    await run('service provider create --auth-url https://sp.example.com/v3 --service-provider-url https://sp.example.com/ecp sp')
    await run('service provider set --description k --disable sp')
    assert.deepEqual(await parts('service provider show sp', 'description', 'enabled'), ['k', false])
    assert.deepEqual(await column('ID', 'service provider list'), ['sp'])
    await run('service provider delete sp')
    assert.ok((await column('Name', 'federation project list')).includes('admin'))
    await list('federation domain list')
    await run('federation protocol delete --identity-provider corp openid')
    await run('mapping delete people others')
    await run('identity provider delete corp')
  })

  await t.test('tokens, the catalog, passcodes as a second factor', async () => {
    const token = await show('token issue')
    const byToken = { OS_AUTH_TYPE: 'v3token', OS_TOKEN: token.id as string, OS_USERNAME: '', OS_PASSWORD: '', OS_USER_DOMAIN_ID: '' }
    assert.equal((await client.json<Row>(words('token issue'), byToken)).project_id, token.project_id)
    await run(`token revoke ${token.id}`)
    await refuses('token issue', /404|401/, byToken)
    assert.match(JSON.stringify(await show('catalog show identity')), /\/identity\/v3/)
    assert.ok((await list('versions show --service identity')).some((row) => row.Version === '3.14' || /^3/.test(String(row.Version))))

    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ'
    await run('credential create --type totp bob', secret)
    await run('user set --multi-factor-auth-rule password,totp --enable-multi-factor-auth bob')
    const bob = as('bob', 'three', 'p')
    await refuses('token issue', /Not all required auth rules were satisfied/, bob)
    // A list of methods can be told in a file only.
    const auth = { auth_url: `${cloud.url}/identity/v3`, username: 'bob', password: 'three', user_domain_id: 'default' }
    const both = (passcode: string) => {
      const here = { ...auth, project_name: 'p', project_domain_id: 'default', passcode }
      file('clouds.json', { clouds: { both: { auth_type: 'v3multifactor', auth_methods: ['v3password', 'v3totp'], auth: here } } })
      return { OS_CLOUD: 'both', OS_USERNAME: '', OS_PASSWORD: '', OS_PROJECT_NAME: '', OS_AUTH_URL: '' }
    }
    await refuses('token issue', /401/, both('000000'))
    const period = Buffer.alloc(8)
    period.writeBigUInt64BE(BigInt(Math.floor(clock.now() / 30_000)))
    const mac = createHmac('sha1', '12345678901234567890').update(period).digest()
    const code = ((mac.readUInt32BE(mac[19]! & 15) & 0x7fffffff) % 1_000_000).toString().padStart(6, '0')
    const right = await client.json<Row>(words('token issue'), both(code))
    assert.equal(right.user_id, (await show('user show bob')).id)
  })
})
