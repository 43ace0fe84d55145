// Allocation pools: the ranges of a subnet from which addresses are given out.
import { type Cidr, hostRange } from './cidr.ts'
import { formatIp, parseIp } from './ip.ts'

export interface Pool {
  start: string
  end: string
}

export interface Range {
  first: bigint
  last: bigint
}

export const rangeOf = (pool: Pool): Range => ({ first: parseIp(pool.start)!.value, last: parseIp(pool.end)!.value })

/** Everything but network, broadcast and gateway address. */
export function defaultPools(cidr: Cidr, gateway: bigint | null): Pool[] {
  const { first, last } = hostRange(cidr)
  const ranges =
    gateway === null || gateway < first || gateway > last
      ? [{ first, last }]
      : [
          { first, last: gateway - 1n },
          { first: gateway + 1n, last },
        ]
  const text = (value: bigint) => formatIp({ version: cidr.version, value })
  return ranges.filter((range) => range.first <= range.last).map((range) => ({ start: text(range.first), end: text(range.last) }))
}

export const inPools = (pools: Pool[], value: bigint): boolean =>
  pools.some((pool) => {
    const { first, last } = rangeOf(pool)
    return value >= first && value <= last
  })

export const poolSize = (pools: Pool[]): bigint => pools.reduce((sum, pool) => sum + rangeOf(pool).last - rangeOf(pool).first + 1n, 0n)
