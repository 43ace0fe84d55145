import { ApiError, type Client } from '../../src/cli/client.ts'
import { eventually } from './guest-shell.ts'

/** What was made, so that it can be deleted in reverse. */
export class Things {
  readonly client: Client
  readonly #made: { method: string; type: string; path: string; body?: unknown; gone?: string }[] = []
  constructor(client: Client) {
    this.client = client
  }
  /** Network and image are versioned by us, compute by its catalog entry. */
  async request<T>(method: string, type: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<T> {
    return (await this.client.request<T>(method, type, path, body, headers)).body
  }
  async make<T extends { id: string }>(type: string, path: string, key: string, body: object): Promise<T> {
    const answer = await this.request<Record<string, T>>('POST', type, path, key ? { [key]: body } : body)
    const thing = key ? answer[key]! : (answer as unknown as T)
    this.later('DELETE', type, `${path}/${thing.id}`, undefined, key === 'server' ? `${path}/${thing.id}` : undefined)
    return thing
  }
  /** Undone in reverse order; `gone` is asked until it answers 404. */
  later(method: string, type: string, path: string, body?: unknown, gone?: string): void {
    this.#made.push({ method, type, path, body, gone })
  }
  async deleteAll(say: (text: string) => void): Promise<void> {
    const all = this.#made.reverse()
    for (const { method, type, path, body } of all.filter((t) => t.gone)) await this.request(method, type, path, body)
    for (const { type, gone } of all.filter((t) => t.gone)) {
      await eventually(120, `${gone} is gone`, () =>
        this.request(`GET`, type, gone!).then(
          () => undefined,
          (error) => (error instanceof ApiError && error.status === 404 ? true : Promise.reject(error)),
        ),
      )
    }
    for (const { method, type, path, body } of all.filter((t) => !t.gone)) await this.request(method, type, path, body)
    say(`${all.length} requests`)
  }
}
