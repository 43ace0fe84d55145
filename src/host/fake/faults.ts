// A fault plan: which step of which kind fails, how often. `guest.start:2,port.plug:*` fails the first two starts and every plug.
export interface FaultPlan {
  /** Throws when the plan says so; counts. */
  check(kind: string, step: string): void
  /** Adds to the plan. */
  add(text: string): void
}

export function faultPlan(text: string | null): FaultPlan {
  const rules = new Map<string, number>()
  function add(more: string): void {
    for (const part of more
      .split(',')
      .map((p) => p.trim())
      .filter(Boolean)) {
      const match = /^([a-z-]+\.[a-z-]+)(?::(\d+|\*))?$/.exec(part)
      if (!match) throw new Error(`fault '${part}' is not understood; write kind.step or kind.step:times, as guest.start:2`)
      rules.set(match[1]!, match[2] === '*' ? Number.POSITIVE_INFINITY : Number(match[2] ?? 1))
    }
  }
  add(text ?? '')
  return {
    add,
    check(kind, step) {
      const left = rules.get(`${kind}.${step}`) ?? 0
      if (left <= 0) return
      rules.set(`${kind}.${step}`, left - 1)
      throw new Error(`fault injected at ${kind}.${step}`)
    },
  }
}
