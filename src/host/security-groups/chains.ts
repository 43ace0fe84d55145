// Names of the iptables chains; 28 characters are allowed.
import { shortId } from '../networks/names.ts'

export type Direction = 'ingress' | 'egress'
export const directions: readonly Direction[] = ['ingress', 'egress']
/** Ports of a network, in one direction. */
export const networkChain = (direction: Direction, networkId: string) =>
  `${direction === 'ingress' ? 'to' : 'from'}-net-${shortId(networkId)}`
/** What a port may receive or send. */
export const portChain = (direction: Direction, portId: string) => `${direction === 'ingress' ? 'to' : 'from'}-port-${shortId(portId)}`
/** What passes for every port. */
export const alwaysChain = (direction: Direction) => (direction === 'ingress' ? 'to-any' : 'from-any')
/** The rules of a group, in one direction. */
export const groupChain = (direction: Direction, groupId: string) => `${direction === 'ingress' ? 'to' : 'from'}-group-${shortId(groupId)}`
/** Accepts when the remote side is a member of the group. */
export const memberChain = (direction: Direction, groupId: string) =>
  `${direction === 'ingress' ? 'to' : 'from'}-member-${shortId(groupId)}`

/** The groups of whose chains one is in this text, out of `ids`. */
export const groupsIn = (text: string, ids: Iterable<string>): string[] =>
  [...ids].filter((id) =>
    directions.some((direction) => text.includes(groupChain(direction, id)) || text.includes(memberChain(direction, id))),
  )
