// Identity with many users, projects and assignments, on SQLite and on PostgreSQL; tokens by every method; what a password costs.
import { createHmac } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import os, { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundlePath } from '../scripts/host/bundle.ts'
import { findPostgres, startPostgres } from '../scripts/test/postgres.ts'
import { hashPassword } from '../src/auth/passwords.ts'
import { createEnvironment } from '../src/environment.ts'
import { call, type Json } from './client.ts'
import { type BenchCloud, startBenchCloud } from './cloud.ts'
import { fillIdentity, password, size, userId, userName } from './identity-fill.ts'
import { type Load, load } from './load.ts'
import type { Row } from './report.ts'

const connections = 16
const seconds = 5
/** The setting's default: log2 of scrypt's N. */
const cost = 15
const json = { 'Content-Type': 'application/json' }

/** A hash alone, and as many as there are cores at once. */
async function measureHashes(): Promise<Row[]> {
  const { random } = createEnvironment({})
  const one = () => hashPassword(password, cost, random)
  await one()
  const times: number[] = []
  for (let round = 0; round < 8; round++) {
    const begun = performance.now()
    await one()
    times.push(performance.now() - begun)
  }
  const lanes = os.cpus().length
  const begun = performance.now()
  await Promise.all(Array.from({ length: lanes }, () => one().then(one).then(one).then(one)))
  return [
    { what: 'password hash (scrypt, N = 2^15), median', value: times.toSorted((a, b) => a - b)[4]!, unit: 'ms', peer: null, goal: null },
    {
      what: `password hashes on ${lanes} cores`,
      value: (lanes * 4000) / (performance.now() - begun),
      unit: '/s',
      peer: null,
      goal: null,
    },
  ]
}

interface Keys {
  token: string
  application: { id: string; secret: string }
  ec2: { access: string; secret: string }
}

/** A user of the many with an application credential and EC2 keys. */
async function makeKeys(cloud: BenchCloud): Promise<Keys> {
  const user = userId(1)
  const body = { auth: { identity: { methods: ['password'], password: { user: { id: user, password } } } } }
  const unscoped = (await call('POST', `${cloud.authUrl}/auth/tokens`, {}, body)).headers['x-subject-token'] as string
  const project = (await call('GET', `${cloud.authUrl}/auth/projects?limit=1`, { 'x-auth-token': unscoped })).json.projects[0].id
  const scoped = await call('POST', `${cloud.authUrl}/auth/tokens`, {}, { auth: { ...body.auth, scope: { project: { id: project } } } })
  const token = scoped.headers['x-subject-token'] as string
  const post = async (path: string, sent: object): Promise<Json> =>
    Object.values((await call('POST', `${cloud.authUrl}/users/${user}${path}`, { 'x-auth-token': token }, sent)).json)[0]
  return {
    token,
    application: await post('/application_credentials', { application_credential: { name: `bench-${Date.now()}` } }),
    ec2: await post('/credentials/OS-EC2', { tenant_id: project }),
  }
}

async function measureOn(cloud: BenchCloud, where: string, peer: Record<string, number>): Promise<Row[]> {
  const rows: Row[] = []
  const { admin, authUrl } = cloud
  const keys = await makeKeys(cloud)
  const rate = async (what: string, goal: Row['goal'], options: Omit<Load, 'seconds' | 'connections'> & Partial<Load>) => {
    const measured = await load({ seconds, connections, ...options })
    const row: Row = {
      what: `${what}, ${where}`,
      value: measured.perSecond,
      unit: '/s',
      p99: measured.p99,
      errors: measured.errors,
      peer: peer[what] ?? null,
      goal,
    }
    rows.push(row)
    process.stderr.write(`  ${row.what}: ${Math.round(row.value)}/s, p99 ${measured.p99.toFixed(1)} ms, ${measured.errors} errors\n`)
    return measured
  }
  const asAdmin = { 'X-Auth-Token': admin.token }
  const validate = { url: `${authUrl}/auth/tokens`, headers: { ...asAdmin, 'X-Subject-Token': keys.token } }
  const { p99 } = await rate('token validate', { times: 50 }, validate)
  rows.push({ what: `token validate, 99th percentile, ${where}`, value: p99, unit: 'ms', peer: null, goal: { atMost: 5 } })
  const issue = (what: string, body: object, headers: Record<string, string> = {}, path = '/auth/tokens') =>
    rate(what, null, { url: authUrl + path, method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) })
  const identity = (methods: object) => ({ auth: { identity: { methods: Object.keys(methods), ...methods } } })
  await issue('token issue (password)', identity({ password: { user: { name: userName(2), domain: { id: 'default' }, password } } }))
  await issue('token issue (token)', identity({ token: { id: keys.token } }))
  const { id, secret } = keys.application
  await issue('token issue (application credential)', identity({ application_credential: { id, secret } }))
  const text = `GET\n\n\n${new Date().toUTCString()}\n/`
  const signature = createHmac('sha1', keys.ec2.secret).update(text).digest('base64')
  const credentials = { access: keys.ec2.access, signature, token: Buffer.from(text).toString('base64') }
  await issue('token issue (EC2 key, S3 signature)', { credentials }, asAdmin, '/s3tokens')

  const latency = async (what: string, goal: Row['goal'], path: string, among?: number) => {
    const measured = await load({ seconds, connections: 1, url: authUrl + path, headers: asAdmin, ...(among ? { among } : {}) })
    const row: Row = {
      what: `${what}, ${where}`,
      value: measured.p50,
      unit: 'ms',
      p99: measured.p99,
      errors: measured.errors,
      peer: null,
      goal,
    }
    rows.push(row)
    process.stderr.write(`  ${row.what}: ${row.value.toFixed(2)} ms, p99 ${measured.p99.toFixed(1)} ms, ${measured.errors} errors\n`)
  }
  const some = userId(0).slice(0, -1)
  await latency('role_assignments?effective&user.id=', { atMost: 20 }, `/role_assignments?effective&user.id=${some}%N%`, size.users)
  await latency('the same with names', { atMost: 20 }, `/role_assignments?effective&include_names&user.id=${some}%N%`, size.users)
  await latency('role_assignments?effective&scope.project.id=', null, '/role_assignments?effective&scope.project.id=b1p%N%', size.projects)
  await latency('GET /users?limit=100', { atMost: 20 }, '/users?limit=100')
  await latency('GET /users?limit=100 behind a marker in the middle', { atMost: 20 }, `/users?limit=100&marker=${some}5000`)
  await latency('GET /users?name=', { atMost: 20 }, '/users?name=bench-user-%N%', size.users)
  await latency('GET /users?name__contains=', null, '/users?limit=100&name__contains=user-77')
  await latency('GET /projects (1,000)', null, '/projects')
  await latency('GET /users/{id}/projects', { atMost: 20 }, `/users/${some}%N%/projects`, size.users)
  rows.push({ what: `resident, ${where}`, value: cloud.residentMB(), unit: 'MB', peer: null, goal: null })
  return rows
}

async function measureWith(databaseUrl: string | null, where: string, peer: Record<string, number>): Promise<Row[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'nephos-bench-'))
  // The address may hold a password: it is given by the environment alone.
  if (databaseUrl !== null) process.env.NEPHOS_DATABASE_URL = databaseUrl
  try {
    await (await startBenchCloud(bundlePath, dataDir, 'fake')).stop()
    const filled = await fillIdentity({ databaseUrl, dataDir }, cost)
    process.stderr.write(`  ${where}: filled in ${filled.toFixed(1)} s\n`)
    const cloud = await startBenchCloud(bundlePath, dataDir, 'fake')
    try {
      return await measureOn(cloud, where, peer)
    } finally {
      await cloud.stop()
    }
  } finally {
    delete process.env.NEPHOS_DATABASE_URL
    rmSync(dataDir, { recursive: true, force: true })
  }
}

/** On SQLite, and on a PostgreSQL of its own where one is installed. */
export async function measureIdentity(peer: Record<string, number>): Promise<Row[]> {
  const rows = [...(await measureHashes()), ...(await measureWith(null, 'SQLite', peer))]
  if (!findPostgres('initdb')) return rows
  const postgres = await startPostgres()
  try {
    rows.push(...(await measureWith(postgres.url, 'PostgreSQL', peer)))
  } finally {
    await postgres.stop()
  }
  return rows
}
