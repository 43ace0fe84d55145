import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Insertable, Selectable } from 'kysely'
import type { Given, NarrowingFaults, Tables } from './tables.ts'

interface All {
  things: { id: 'text'; count: 'int=0'; open: 'bool?'; more: 'json'; seen: 'time?=never' }
}

/** Compiles only with exactly the faults there are. */
const faultsOf = <Narrowings>(faults: Record<NarrowingFaults<All, Narrowings>, true>) => Object.keys(faults).sort()

test('a narrowing of what is not there, or that the kind does not hold, is a fault that names it', () => {
  const faults = faultsOf<{
    things: { id: 'a' | 5; count: string; open: Given<string>; colour: string; seen: string | null }
    thing: { id: 'a' }
  }>({
    'things: id is text': true,
    'things: count is int=0': true,
    'things: open is bool?': true,
    'things: there is no column colour': true,
    'things: seen is time?=never': true,
    'there is no table thing': true,
  })
  assert.equal(faults.length, 6)
  const none = faultsOf<{ things: { id: 'a' | 'b'; count: Given<1 | 2>; open: true; more: string[]; seen: 'now' } }>({})
  assert.deepEqual(none, [])
})

/** Compiles only where both are the same. */
const same = <A, B>(value: (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false) => value

test('rows have the kinds, the nulls and the defaults of their columns, and what their owners know of them', () => {
  type Server = Selectable<Tables['compute_servers']>
  assert.ok(same<Server['vm_state'], 'building' | 'active' | 'stopped' | 'error' | 'deleted'>(true))
  assert.ok(same<Server['key_name'], string | null>(true))
  assert.ok(same<Server['metadata'], Record<string, string>>(true))
  assert.ok(same<Server['config_drive'], boolean>(true))
  assert.ok(same<Selectable<Tables['tasks']>['input'], unknown>(true))
  assert.ok(same<Selectable<Tables['object_store_blobs']>['data'], Buffer>(true))
  type NewUser = Insertable<Tables['identity_users']>
  assert.ok(same<NewUser['token_epoch'], number | undefined>(true))
  assert.ok(same<NewUser['name'], string>(true))
  // It has a default for the sake of older rows alone: a new one that does not say it would share its tokens with others.
  assert.ok(same<Insertable<Tables['identity_credentials']>['delegation_id'], string>(true))
  assert.ok(same<null extends Selectable<Tables['compute_console_tokens']>['asked_with'] ? true : false, false>(true))
})
