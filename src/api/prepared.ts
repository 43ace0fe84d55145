// What the stages need of an operation, worked out from its declaration when it is first asked for.
import type { Operation } from './operation.ts'
import type { ServiceDeclaration } from './service.ts'
import { type Validator, validator } from './validate.ts'
import { type Forms, formsOf, opened, type VersionLine } from './versions.ts'

export interface Prepared {
  since: number
  until: number
  body: Checked | null
  /** Of majors that ignore fields which they do not know. */
  lenientBody: Checked | null
  query: Checked | null
  /** Names of the query that may be given several times. */
  repeated: ReadonlySet<string>
  answer: Forms | null
  /** Success status in that version. */
  status(place: number): number
  /** State to the first place at which it is allowed. */
  allowed: ReadonlyMap<string, number> | null
  /** Whether the handler runs in a transaction that the pipeline opens. */
  writes: boolean
}

/** A schema with its forms, each with its validator. */
export interface Checked {
  forms: Forms
  check(place: number): Validator
}

function checked(schema: object, line: VersionLine, coerce: boolean): Checked {
  const forms = formsOf(schema, line)
  const validators = new Map<object, Validator>()
  return {
    forms,
    check(place) {
      const form = forms.at(place)
      let made = validators.get(form)
      if (!made) {
        made = validator(form.schema, coerce)
        validators.set(form, made)
      }
      return made
    },
  }
}

/** Throws for a version that the service does not have. */
export function prepare(operation: Operation, service: ServiceDeclaration, line: VersionLine): Prepared {
  const { since, until, body, query, answer, allowed, status = 200, method, transaction } = operation
  const isLenient = service.majors.some((major) => major.lenient)
  return {
    since: since ? line.first(since) : 0,
    until: until ? line.last(until) : Number.POSITIVE_INFINITY,
    body: body ? checked(body, line, false) : null,
    lenientBody: body && isLenient ? checked(opened(body), line, false) : null,
    query: query ? checked(query, line, true) : null,
    repeated: new Set(
      Object.entries((query?.properties ?? {}) as Record<string, { type?: string }>)
        .filter(([, schema]) => schema.type === 'array')
        .map(([name]) => name),
    ),
    answer: answer && answer !== 'bytes' ? formsOf(answer, line) : null,
    status: statusOf(status, line),
    allowed: allowed
      ? new Map(
          Array.isArray(allowed)
            ? allowed.map((state: string) => [state, 0])
            : Object.entries(allowed as Record<string, string>).map(([state, version]) => [state, line.first(version)]),
        )
      : null,
    writes: transaction === undefined ? method !== 'GET' && method !== 'HEAD' : transaction === 'write',
  }
}

function statusOf(status: NonNullable<Operation['status']>, line: VersionLine): (place: number) => number {
  if (typeof status === 'number') return () => status
  const { first, ...later } = status
  const changes = Object.entries(later).map(([version, value]) => ({ from: line.first(version), value: value as number }))
  changes.sort((a, b) => b.from - a.from)
  return (place) => changes.find(({ from }) => place >= from)?.value ?? first
}
