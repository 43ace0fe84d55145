// The keys that a provider signs with. They are asked for again when a token names one that is not among them, but not for every such
// token, and now and then, so that a key that was taken back counts no more.
import type { JSONWebKeySet } from 'jose'
import type { Clock } from '../../../../environment.ts'
import type { Fetch } from './network.ts'

const leastMs = 10_000
const mostMs = 600_000

export interface ProviderKeys {
  /** The keys; `again` after a token that none of them fits. The same object as before when they were not asked for again. */
  get(again?: boolean): Promise<JSONWebKeySet>
}

export function providerKeys(address: () => Promise<string>, fetch: Fetch, clock: Clock): ProviderKeys {
  let known: { keys: JSONWebKeySet; at: number } | null = null
  let asking: Promise<JSONWebKeySet> | null = null
  const ask = async () => {
    const response = await fetch(await address(), { headers: { accept: 'application/json, application/jwk-set+json' } })
    if (response.status !== 200) throw new Error(`the keys cannot be had: status ${response.status}`)
    const keys = (await response.json()) as JSONWebKeySet
    if (!Array.isArray(keys?.keys)) throw new Error('the keys cannot be had: there are none in the answer')
    known = { keys, at: clock.now() }
    return keys
  }
  return {
    async get(again = false) {
      const age = known ? clock.now() - known.at : Number.POSITIVE_INFINITY
      if (known && age >= 0 && age < (again ? leastMs : mostMs)) return known.keys
      asking ??= ask().finally(() => {
        asking = null
      })
      return asking
    },
  }
}
