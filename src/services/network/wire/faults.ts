// Faults of networking by the names that its clients know.
import { badRequest, conflict, Fault, notFound } from '../../../api/faults.ts'

export const networkNotFound = (id: string) => notFound(`Network ${clip(id)} could not be found.`, 'NetworkNotFound')
export const subnetNotFound = (id: string) => notFound(`Subnet ${clip(id)} could not be found.`, 'SubnetNotFound')
export const portNotFound = (id: string) => notFound(`Port ${clip(id)} could not be found.`, 'PortNotFound')
export const groupNotFound = (id: string) => notFound(`Security group ${clip(id)} does not exist`, 'SecurityGroupNotFound')

export const invalid = (message: string) => badRequest(`Invalid input for operation: ${message}`, 'InvalidInput')
export const addressInUse = (ip: string, networkId: string) =>
  conflict(`Unable to complete operation for network ${networkId}. The IP address ${ip} is in use.`, 'IpAddressInUse')
export const noMoreAddresses = (networkId: string) =>
  conflict(`No more IP addresses available on network ${networkId}.`, 'IpAddressGenerationFailure')
export const overQuota = (resource: string) => conflict(`Quota exceeded for resources: ['${resource}'].`, 'OverQuota')

const clip = (text: string) => text.slice(0, 100)

export { Fault }
