// Words of a client that are members of every JavaScript object (`constructor`) mean nothing where they are looked up.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { testCloud } from '../testing/test-cloud.ts'

const words = ['constructor', 'toString', 'hasOwnProperty', '__proto__', 'valueOf']

test('security-25: sort keys, filters, endings of names, digests, groups of options', async () => {
  await using cloud = await testCloud()
  const { admin } = cloud
  const member = await cloud.as('member')
  const account = `/object-store/v1/AUTH_${await member.projectId()}`
  await member.request('PUT', `${account}/c`, { expected: 201 })
  for (const word of words) {
    for (const list of [
      '/compute/v2.1/flavors',
      '/compute/v2.1/servers',
      '/image/v2/images',
      '/network/v2.0/networks',
      '/identity/v3/users',
    ])
      for (const query of [`sort_key=${word}`, `sort=${word}:asc`, `${word}=x`, `fields=${word}`, `${word}__contains=x`]) {
        const { status, text } = await admin.request('GET', `${list}?${query}`)
        assert.ok(status < 500, `${list}?${query}: ${text}`)
      }
    await member.request('PUT', `${account}/c/name.${word}`, { raw: Buffer.from('x'), expected: 201 })
    const { headers } = await member.request('HEAD', `${account}/c/name.${word}`, { expected: 200 })
    assert.equal(headers.get('content-type'), 'application/octet-stream')
    const signed = `temp_url_sig=${word}:aaaa&temp_url_expires=4102444800`
    await member.request('GET', `${account}/c/name.${word}?${signed}`, { headers: { 'x-auth-token': '' }, expected: 401 })
    const rule = { security_group_rule: { security_group_id: word, direction: 'ingress', protocol: word } }
    assert.ok((await member.post('/network/v2.0/security-group-rules', rule)).status < 500)
    for (const path of [word, `ldap/${word}`, `${word}/${word}`])
      assert.ok((await admin.request('GET', `/identity/v3/domains/default/config/${path}`)).status < 500, path)
  }
})
