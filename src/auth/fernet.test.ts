import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fernetDecrypt, fernetEncrypt, fernetKey } from './fernet.ts'

// The vector of the Fernet specification.
const key = fernetKey(Buffer.from('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4=', 'base64url'))
const token = 'gAAAAAAdwJ6wAAECAwQFBgcICQoLDA0ODy021cpGVWKZ_eEwCGM4BLLF_5CV9dOPmrhuVUPgJobwOz7JcbmrR64jVmpU4IwqDA'

test('the specification vector is made and read', () => {
  const made = fernetEncrypt(key, Buffer.from('hello'), 499162800, Buffer.from([...Array(16).keys()]))
  assert.equal(made.replace(/=+$/, ''), token)
  assert.deepEqual(fernetDecrypt([key], token), { payload: Buffer.from('hello'), seconds: 499162800 })
})

test('another key, any changed byte, and what is no token are refused', () => {
  assert.equal(fernetDecrypt([fernetKey(Buffer.alloc(32))], token), null)
  const bytes = Buffer.from(token, 'base64url')
  for (let at = 0; at < bytes.length; at++) {
    const changed = Buffer.from(bytes)
    changed[at]! ^= 1
    assert.equal(fernetDecrypt([key], changed.toString('base64url')), null, `byte ${at}`)
  }
  for (const junk of ['', 'x', `${token}x`, 'gAAAA'.repeat(400), token.slice(0, 40), '../../etc'])
    assert.equal(fernetDecrypt([key], junk), null)
})
