import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ensurePrograms } from './apt.ts'

const program = { program: 'no-such-program', package: 'no-such-package', use: 'does nothing' }

test('nothing is installed when it is refused, and what is missing is said with the mend', async () => {
  const sentence = await ensurePrograms([program], false)
  assert.match(sentence!, /no-such-program \(does nothing\)/)
  assert.match(sentence!, /switched off/)
  assert.match(sentence!, /apt-get install no-such-package/)
})

test('nothing is done when all is there', async () => {
  assert.equal(await ensurePrograms([{ ...program, program: 'sh' }], true), undefined)
})
