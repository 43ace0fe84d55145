import assert from 'node:assert/strict'
import http from 'node:http'
import { test } from 'node:test'
import { dashboard, federatedWorld, path, type World } from '../../../testing/identity/federation.ts'
import { ask, shiftedClock } from '../../../testing/identity/users.ts'

/** As much of a browser as a login needs: cookies, and redirections that can be looked at. */
function browser() {
  const cookies: { host: string; path: string; name: string; value: string }[] = []
  return {
    cookies,
    async get(address: string) {
      const url = new URL(address)
      const sent = cookies.filter((cookie) => cookie.host === url.host && url.pathname.startsWith(cookie.path))
      const response = await fetch(url, {
        redirect: 'manual',
        headers: { cookie: sent.map(({ name, value }) => `${name}=${value}`).join('; ') },
      })
      for (const line of response.headers.getSetCookie()) {
        const [, name, value] = /^([^=]+)=([^;]*)/.exec(line)!
        const old = cookies.findIndex((cookie) => cookie.host === url.host && cookie.name === name)
        if (old >= 0) cookies.splice(old, 1)
        if (value && !/max-age=0/i.test(line))
          cookies.push({ host: url.host, path: /; *path=([^;]+)/i.exec(line)?.[1] ?? '/', name: name!, value })
      }
      return { status: response.status, location: response.headers.get('location'), headers: response.headers, text: await response.text() }
    },
    /** Follows redirections until an answer is none, or until `stop` holds for where one leads; gives the addresses too. */
    async follow(address: string, stop: (address: string) => boolean = () => false) {
      const visited = [address]
      for (;;) {
        assert.ok(visited.length < 12, visited.join('\n'))
        const answer = await this.get(visited.at(-1)!)
        if (answer.location === null) return { ...answer, visited }
        visited.push(new URL(answer.location, visited.at(-1)).href)
        if (stop(visited.at(-1)!)) return { ...answer, visited }
      }
    },
  }
}

const begin = ({ cloud }: World, origin = dashboard, where = 'websso/openid') =>
  `${cloud.url}/identity/v3/auth/OS-FEDERATION/${where}?${new URLSearchParams({ origin })}`
const isCallback = (address: string) => address.includes('/oidc/callback')

test('a browser is sent to the provider and comes back to the dashboard with a token', async () => {
  await using world = await federatedWorld()
  const { cloud, provider } = world
  const there = browser()
  const departure = await there.get(begin(world))
  assert.equal(departure.status, 302)
  const asked = new URL(departure.location!)
  assert.ok(asked.href.startsWith(`${provider.issuer}/auth?`))
  for (const name of ['state', 'nonce', 'code_challenge']) assert.ok(asked.searchParams.get(name)!.length >= 32, name)
  assert.equal(asked.searchParams.get('code_challenge_method'), 'S256')
  const [carried] = departure.headers.getSetCookie()
  assert.match(carried!, /; HttpOnly; SameSite=Lax$/)
  assert.ok(!carried!.includes(asked.searchParams.get('nonce')!), 'what the browser carries is encrypted')

  const arrival = await there.follow(begin(world))
  assert.equal(arrival.status, 200, arrival.text)
  const token = /name="token" id="token" value="([^"]+)"/.exec(arrival.text)![1]!
  assert.ok(arrival.text.includes(`action="${dashboard}" method="post"`))
  assert.match(arrival.headers.get('content-security-policy')!, /default-src 'none'.*form-action http:\/\/dashboard\.example\.com$/)
  assert.equal(arrival.headers.get('cache-control'), 'no-store')
  const shown = await cloud.admin.request('GET', '/identity/v3/auth/tokens', { headers: { 'x-subject-token': token }, expected: 200 })
  assert.deepEqual([shown.body.token.user.name, shown.body.token.methods], ['Ann Example', ['openid']])
  // The login of the same person by a client is the same user.
  assert.equal((await world.login(await provider.mint(), 201)).body.token.user.id, shown.body.token.user.id)
  assert.equal((await there.follow(begin(world, dashboard, 'identity_providers/corp/protocols/openid/websso'))).status, 200)
})

test('a login is of one browser, counts once and not for ever, and its parts fit no other', async () => {
  const clock = shiftedClock()
  await using world = await federatedWorld({ cloud: { clock } })
  const victim = browser()
  const came = (await victim.follow(begin(world), isCallback)).visited.at(-1)!
  // An attacker's code in a victim's browser, or a victim's in the attacker's: the state belongs to another journey.
  const attacker = browser()
  assert.equal((await attacker.get(came)).status, 401)
  const theirs = (await attacker.follow(begin(world), isCallback)).visited.at(-1)!
  assert.equal((await victim.get(theirs)).status, 401)
  const mixed = new URL(came)
  mixed.searchParams.set('code', new URL(theirs).searchParams.get('code')!)
  assert.equal((await victim.get(mixed.href)).status, 401, 'the code of another login, whose verifier and nonce are others')
  for (const [name, value] of [
    ['iss', 'https://idp.example.com'],
    ['state', 'x'],
    ['code', 'x'],
  ]) {
    const changed = new URL(came)
    changed.searchParams.set(name!, value!)
    assert.equal((await victim.get(changed.href)).status, 401, name)
  }
  const refused = new URL(came)
  refused.searchParams.delete('code')
  refused.searchParams.set('error', 'access_denied')
  assert.equal((await victim.get(refused.href)).status, 401)

  const next = browser()
  const once = (await next.follow(begin(world), isCallback)).visited.at(-1)!
  const kept = next.cookies.map((cookie) => ({ ...cookie }))
  const answers = await Promise.all([next.get(once), next.get(once)])
  assert.deepEqual(answers.map((answer) => answer.status).sort(), [200, 401], 'of two at once one wins')
  next.cookies.push(...kept)
  assert.equal((await next.get(once)).status, 401, 'again')

  const late = browser()
  const old = (await late.follow(begin(world), isCallback)).visited.at(-1)!
  clock.shift(11 * 60_000)
  assert.equal((await late.get(old)).status, 401, 'too late')
  const forged = browser()
  const mine = (await forged.follow(begin(world), isCallback)).visited.at(-1)!
  for (const cookie of forged.cookies) cookie.value = `${cookie.value.slice(0, -5)}AAAAA`
  assert.equal((await forged.get(mine)).status, 401, 'a cookie that was changed')
})

test('a token goes to the dashboards of the operator only', async () => {
  await using world = await federatedWorld()
  const { cloud } = world
  const there = browser()
  for (const origin of [
    'http://evil.example.com/',
    `${dashboard}x`,
    `${dashboard}?x`,
    dashboard.replace('dashboard', 'DASHBOARD'),
    'javascript:alert(1)',
    '//x',
  ])
    assert.equal((await there.get(begin(world, origin))).status, 401, origin)
  assert.equal((await ask(cloud, null, 'GET', '/v3/auth/OS-FEDERATION/websso/openid')).status, 400)
  assert.equal((await there.get(begin(world, dashboard, 'websso/saml2'))).status, 401)
  assert.equal((await there.get(begin(world, dashboard, 'identity_providers/none/protocols/openid/websso'))).status, 401)
  // Whatever name a request comes by, the way back is that of the settings.
  const location = await new Promise<string>((resolve) => {
    http.get(begin(world), { headers: { host: 'evil.example.com', 'x-forwarded-host': 'evil.example.com' } }, (answer) => {
      answer.resume()
      resolve(answer.headers.location!)
    })
  })
  assert.ok(new URL(location).searchParams.get('redirect_uri')!.startsWith(`${cloud.url}/identity/`), location)
  assert.deepEqual(there.cookies, [])
  // Where several providers have the protocol, people choose.
  await cloud.admin.put(
    `${path}/identity_providers/a%40b`,
    { identity_provider: { enabled: true, remote_ids: ['https://nobody.example.com'] } },
    201,
  )
  await cloud.admin.put(`${path}/identity_providers/a%40b/protocols/openid`, { protocol: { mapping_id: 'people' } }, 201)
  assert.equal((await there.get(begin(world))).status, 302, 'a provider without settings cannot be chosen')
})
