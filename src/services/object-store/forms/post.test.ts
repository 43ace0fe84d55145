import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { test } from 'node:test'
import { anonymous, withContainer } from '../../../testing/object-store/store.ts'
import { testCloud } from '../../../testing/test-cloud.ts'

const boundary = '----b0undary'
const page = 'http://page.example/done?x=1'
const later = (seconds: number) => String(Math.floor(Date.now() / 1000) + seconds)

/** A container with a key, and a way to post forms to it. Fields that are undefined are left out. */
async function withForm(cloud: Awaited<ReturnType<typeof testCloud>>) {
  const { call, at } = await withContainer(cloud, 'things', { 'x-container-meta-temp-url-key': 'key' })
  async function form(
    fields: Record<string, string | undefined>,
    files: [name: string, text: string, more?: string][],
    expected: number,
    prefix = 'up/',
  ) {
    const path = at(prefix).replace('/object-store', '')
    const all: Record<string, string | undefined> = {
      redirect: '',
      max_file_size: '1000',
      max_file_count: '2',
      expires: later(60),
      ...fields,
    }
    const signed = [path, all.redirect ?? '', ...[all.max_file_size, all.max_file_count, all.expires].map((value) => value ?? '0')]
    all.signature ??= createHmac('sha256', 'key').update(signed.join('\n')).digest('hex')
    const parts = [
      ...Object.entries(all).map(([name, value]) =>
        value === undefined ? '' : `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
      ),
      ...files.map(
        ([name, text, more = ''], i) =>
          `--${boundary}\r\nContent-Disposition: form-data; name="file${i}"; filename="${name}"\r\nContent-Type: text/x\r\n${more}\r\n${text}\r\n`,
      ),
      `--${boundary}--\r\n`,
    ]
    return anonymous(cloud, 'POST', at(prefix), {
      raw: parts.join(''),
      headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
      expected,
    })
  }
  return { call, at, form }
}

test('a signed form stores its files, another does not', async () => {
  await using cloud = await testCloud()
  const { call, form } = await withForm(cloud)
  const two: [string, string][] = [
    ['a', 'text'],
    ['b', '\r\n--x\r\n'],
  ]
  await form({}, two, 201)
  assert.equal((await call('GET', 'up/a', 200)).text, 'text')
  assert.equal((await call('GET', 'up/b', 200)).text, '\r\n--x\r\n')
  await form({}, [['empty', '']], 201)
  assert.equal((await call('GET', 'up/empty', 200)).text, '')
  await form({ signature: '0'.repeat(64) }, [['d', 'text']], 401)
  await form({ expires: '1000' }, [['d', 'text']], 401)
  await form({ expires: undefined }, [['d', 'text']], 401)
  await form({ max_file_count: undefined }, [['d', 'text']], 400)
  await form({ max_file_size: undefined }, [['empty', '']], 201)
  await form({ max_file_size: undefined }, [['d', 'text']], 400)
  await form({ max_file_size: 'x' }, [['d', 'text']], 400)
  await call('GET', 'up/d', 404)
})

test('fields of a form give type, coding and end to its files, and go before what files say', async () => {
  await using cloud = await testCloud()
  const { call, form } = await withForm(cloud)
  const shown = async (name: string) => {
    const { headers } = await call('HEAD', name, 200)
    return ['content-type', 'content-encoding', 'x-delete-at'].map((header) => headers.get(header))
  }
  await form({}, [['plain', 'x', 'Content-Encoding: gzip\r\n']], 201)
  assert.deepEqual(await shown('up/plain'), ['text/x', 'gzip', null])
  const end = later(5000)
  await form({ x_delete_at: end, 'Content-Type': 'text/csv', 'Content-Encoding': 'br' }, [['o', 'x', 'Content-Encoding: gzip\r\n']], 201)
  assert.deepEqual(await shown('up/o'), ['text/csv', 'br', end])
  const before = Number(later(7000))
  await form({ x_delete_after: '7000' }, [['o', 'x']], 201)
  const at = Number((await shown('up/o'))[2])
  assert.ok(at >= before && at <= Number(later(7000)), String(at))
  for (const fields of [{ x_delete_at: 'tomorrow' }, { x_delete_after: '1.5' }, { x_delete_at: '1000' }, { x_delete_after: '0' }])
    await form(fields, [['none', 'x']], 400)
  await call('GET', 'up/none', 404)
})

test('the page of a form hears what became of its files, and nothing of a form that is none', async () => {
  await using cloud = await testCloud()
  const { call, at, form } = await withForm(cloud)
  const location = async (...args: Parameters<typeof form>) => (await form(...args)).headers.get('location')
  const file: [string, string][] = [['c', 'text']]
  for (const [redirect, wanted] of [
    [page, `${page}&`],
    ['/done', '/done?'],
    ['//page.example/done', '//page.example/done?'],
    ['done', 'done?'],
    ['myapp:done', 'myapp:done?'],
    ['/dön e\u{1f600}', '/d%C3%B6n%20e%F0%9F%98%80?'],
  ] as const)
    assert.equal(await location({ redirect }, file, 303), `${wanted}status=201&message=`)
  const { text } = await form({ redirect: '/"><script>' }, file, 303)
  assert.doesNotMatch(text, /<script>/)
  const redirect = page
  const told = (status: number, message: string) => `${page}&status=${status}&message=${message}`
  const two: [string, string][] = [...file, ['d', 'text']]
  assert.equal(await location({ redirect, max_file_count: '1' }, two, 303), told(400, 'max%20file%20count%20exceeded'))
  assert.equal((await form({ max_file_count: '1' }, two, 400)).text, '400 Bad Request\r\nFormPost: Max File Count Exceeded')
  assert.equal(await location({ redirect }, [], 303), told(400, 'no%20files%20to%20process'))
  assert.equal((await form({}, [], 400)).text, '400 Bad Request\r\nFormPost: No Files To Process')
  assert.equal(await location({ redirect, x_delete_at: '1000' }, file, 303), told(400, 'X-Delete-At%20in%20past'))
  assert.match((await location({ redirect }, [['x'.repeat(1025), '']], 303))!, /status=400&/)
  await call('POST', '', 204, { headers: { 'x-container-meta-quota-bytes': '20' } })
  assert.match((await location({ redirect }, [['e', 'x'.repeat(21)]], 303))!, /status=413&/)
  assert.match((await form({}, [['e', 'x'.repeat(21)]], 413)).text, /^413 Request Entity Too Large\r\nFormPost: /)
  // Faults of the form itself are the browser's to show.
  const large = await form({ redirect }, [['e', 'x'.repeat(1001)]], 400)
  assert.deepEqual([large.text, large.headers.get('content-type')?.split(';')[0]], ['FormPost: max_file_size exceeded', 'text/plain'])
  await form({ redirect, x_delete_at: 'x' }, file, 400)
  await form({ redirect, max_file_count: 'x' }, file, 400)
  await form({ redirect, signature: '0'.repeat(64) }, [], 401)
  const cut = await anonymous(cloud, 'POST', at('up/'), {
    raw: `--${boundary}\r\nContent-Disposition: form-data; name="redirect"\r\n\r\n${page}`,
    headers: { 'content-type': `multipart/form-data; boundary=${boundary}` },
    expected: 400,
  })
  assert.equal(cut.headers.get('location'), null)
  await call('GET', 'up/e', 404)
})
