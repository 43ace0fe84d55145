// Who may do what: every kind of asker against every operation of images, by a table that is kept apart from the rules.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { buildStage } from '../../testing/image/personas.ts'
import { askedRules, isRefusal, order, tryPersonas } from '../../testing/persona-matrix.ts'
import { admins, members, type PersonaName, personas, readers } from '../../testing/personas.ts'
import { testCloud } from '../../testing/test-cloud.ts'
import { image } from './index.ts'
import { mayDo } from './security-09-personas-table.ts'

/** Rules that decide on a part of a request, and who may. */
const parts: Record<string, { of: string; body: object; who: readonly PersonaName[] }> = {
  publicize_image: { of: 'images.update', body: [{ op: 'replace', path: '/visibility', value: 'public' }], who: admins },
  communitize_image: { of: 'images.update', body: [{ op: 'replace', path: '/visibility', value: 'community' }], who: members },
  copy_image: { of: 'images.import', body: { method: { name: 'copy-image' }, all_stores: true }, who: admins },
}

test('every persona against every operation', async (t) => {
  await using cloud = await testCloud({ settings: { imageCacheBytes: 1 << 20 } })
  const stage = await buildStage(cloud)
  const { wrong, asked } = await tryPersonas({
    url: cloud.url,
    operations: image.operations.filter((operation) => operation.policy),
    personas,
    mayDo,
    token: stage.token,
    requestFor: stage.requestFor,
    // Who is invited to the image with members sees it, and is told what it may not do.
    isRefused: (answer, operation, name, path) =>
      !/the only store containing it/.test(answer.text) &&
      (isRefusal(answer, operation, name, path, /definition namespace=\S+ was not found|The image or the member was not found/) ||
        (answer.status === 403 && name === 'member of another project' && /\/members/.test(operation.path))),
    fault({ status, text }, operation, name) {
      if (order(operation) === 0 && status >= 300) return 'nothing was found'
      const leaked = status < 300 && !readers.includes(name) && stage.secrets.find((id) => text.includes(id))
      return leaked ? `it shows ${leaked}` : null
    },
  })
  t.diagnostic(`${asked} requests`)
  assert.deepEqual(wrong.slice(0, 20), [])
})

test('every rule that decides on a part, as every persona', async () => {
  await using cloud = await testCloud()
  const stage = await buildStage(cloud)
  const known = askedRules(cloud.cloud.policies.get('image')!)
  const rules = image.moreRules!
  const { wrong } = await tryPersonas({
    url: cloud.url,
    operations: rules.map((rule) => ({ ...image.operations.find(({ id }) => id === parts[rule.name]?.of)!, policy: rule })),
    personas,
    mayDo: ({ policy }) => parts[policy!.name]?.who,
    token: stage.token,
    // What was opened is seen by all: each request has its own image.
    requestFor: async (operation) => ({
      ...(await stage.requestFor(operation, operation.id === 'images.update')),
      body: parts[operation.policy!.name]!.body,
    }),
    isRefused: isRefusal,
  })
  assert.deepEqual(wrong.slice(0, 20), [])
  assert.deepEqual(
    rules.map(({ name }) => name).filter((name) => !known.has(name)),
    [],
    'nothing asks these rules',
  )
})
