import assert from 'node:assert/strict'
import { test } from 'node:test'
import { queryText } from './sign.ts'

test('a query is signed in the order of its names', () => {
  assert.equal(queryText({ 'a-b': '2', a: '1', 'a+': 'x y', ü: '/' }), '%C3%BC=%2F&a=1&a%2B=x%20y&a-b=2')
})
