import { badRequest } from '../../../api/faults.ts'

export const badFloatingIpRequest = (message: string) => badRequest(`Bad floatingip request: ${message}.`, 'BadRequest')
