import assert from 'node:assert/strict'
import { test } from 'node:test'
import { safePattern } from './safe-pattern.ts'

test('patterns are found as regular expressions find them', () => {
  const texts = ['', 'a', 'ab', 'web-1', 'web-22', 'WEB', 'aXb', 'foo.bar', 'x]y', '10.0.0.1', 'a+b', 'aaa']
  const patterns = [
    '',
    'a',
    '^a',
    'b$',
    '^web-\\d+$',
    'web',
    '^(web|foo)',
    'a.b',
    'fo{2}',
    'a{2,3}',
    '^a{2,}$',
    '[a-c]b',
    '[^a-z]',
    'x\\]y',

    'a\\+b',
    '(a|b)*c?$',
    '^(?:a|ab)$',
    '\\w+-\\d',
    '^10\\.0\\.',
    'a*?b',
    '^$',
    'a{0,2}$',
    '[\\d.]+',
  ]
  for (const pattern of patterns) {
    const matches = safePattern(pattern)
    const real = new RegExp(pattern)
    for (const text of texts) assert.equal(matches(text), real.test(text), `${pattern} in ${JSON.stringify(text)}`)
  }
  assert.equal(safePattern('web', { ignoreCase: true })('WEB-1'), true)
})

test('security-25: what makes others go back and forth for hours is answered at once', () => {
  const text = `${'a'.repeat(255)}!`
  for (const pattern of ['(a+)+$', '(a|a)*b', '(a|aa)+$', '(.*)*x', '([a-z]+)*\\d', '(a?){100}a{100}b']) {
    assert.equal(safePattern(pattern)(text), false, pattern)
  }
})

test('security-25: patterns that cannot be read or are too large are refused', () => {
  for (const pattern of ['(', ')', '[a', '*', 'a**b\\', '(?=a)', '\\1', 'a'.repeat(256), '((a{100}){100}){100}', 'a{999}']) {
    assert.throws(() => safePattern(pattern), { status: 400 }, pattern)
  }
})
