// What the network service does and older clients ask compute for (reference 3.34, 3.35, 3.42, 3.45, 3.47, 3.52). Policies are
// compute's, rows and checks are networking's.
import { badRequest, Fault } from '../../api/faults.ts'

/** From 2.36 on compute has these no more. */
export const lastProxyVersion = '2.35'

/** Does the work; what networking calls a conflict is a bad request here, as compute's clients know it. */
export async function proxied<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (error instanceof Fault && error.status === 409) throw badRequest(error.message)
    throw error
  }
}
