import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verdict } from './doctor.ts'
import type { Finding } from './machine.ts'

const finding = (subject: string, verdict: Finding['verdict']): Finding => ({ subject, verdict, text: '', neededBy: 'linux' })

test('a machine that emulates its guests can run real ones; without root it cannot', () => {
  assert.equal(verdict([finding('root', 'ok'), finding('accelerator', 'ok')]), 'This machine can run real guests.')
  assert.match(verdict([finding('root', 'ok'), finding('accelerator', 'warn')]), /can run real guests; .* faster/)
  assert.match(verdict([finding('root', 'warn'), finding('accelerator', 'warn')]), /starts here with the fake host/)
})
