import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { format, inspect } from 'node:util'
import { Type } from 'typebox'
import { SecretText } from '../api/types.ts'
import { validator } from '../api/validate.ts'
import { createLog } from '../log.ts'
import { Secret } from './secret.ts'

test('a secret shows itself to nobody who does not ask for it', () => {
  const secret = new Secret('hush')
  assert.equal(secret.reveal(), 'hush')
  const row = { deep: [{ secret }] }
  let text = ''
  const stream = new Writable({
    write(chunk, _encoding, done) {
      text += chunk
      done()
    },
  })
  for (const kind of ['json', 'pretty'] as const)
    createLog({ level: 'debug', format: kind, stream }).info({ row, secret: row, secret_: secret }, `${secret}`)
  for (const shown of [
    text,
    String(secret),
    `${secret}`,
    'a' + secret,
    JSON.stringify(row),
    inspect(row, { depth: 9, showHidden: true }),
    format('%s %o %j', secret, secret, secret),
    JSON.stringify(Object.entries(secret)),
    String(new Error('x', { cause: secret }).cause),
  ]) {
    assert.ok(!shown.includes('hush'), shown)
  }
  assert.ok(text.includes('***'))
})

test('what a schema calls secret is one from the check on', () => {
  const schema = Type.Object({
    user: Type.Object({
      password: SecretText({ minLength: 2, maxLength: 4 }),
      other: Type.Optional(Type.Union([SecretText(), Type.Null()])),
    }),
  })
  const check = (user: Record<string, unknown>) => {
    const body = { user }
    validator(schema, false).check(body, 'body')
    return body.user
  }
  const { password, other } = check({ password: 'hush', other: null }) as { password: Secret; other: null }
  assert.deepEqual([password instanceof Secret, password.reveal(), other], [true, 'hush', null])
  assert.ok(check({ password: 'hush', other: 'more' }).other instanceof Secret)
  for (const bad of ['h', 'hushes', 5, null, ['hush'], { hush: 1 }])
    assert.throws(
      () => check({ password: bad }),
      (error: Error) => /user.password/.test(error.message) && !/hush/.test(error.message),
    )
})
