import { isIP } from 'node:net'
import { isLoopback } from '../config.ts'
import { createAddressGuard, isAllowedPort, portOf } from './address-guard.ts'

/**
 * Why nothing will ever be sent to an address, as the end of a sentence that begins with it; for addresses that somebody
 * wants to have kept. What a name resolves to is checked when something is sent: by then it may be something else.
 * @param allowPrivateNetworks as `parsePrivateNetworks` returns them; where there are any, `http:` is open too
 */
export function urlRefusal(url: URL, allowPrivateNetworks: readonly string[]): string | undefined {
  const isPrivateOpen = allowPrivateNetworks.length > 0
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isPrivateOpen))
    return 'must begin with https://'
  if (url.username !== '' || url.password !== '') return 'must not hold a user name or a password'
  if (!isAllowedPort(portOf(url)))
    return `names port ${portOf(url)}; only 80, 443 and 1024 to 65535 may be reached`
  const host = url.hostname.replace(/^\[|\]$/g, '')
  if (isIP(host) === 0) {
    return isLoopback(url.href) && !isPrivateOpen
      ? `leads to ${host}, which is this machine; give a public address`
      : undefined
  }
  const refusal = createAddressGuard(allowPrivateNetworks).refusal(host)
  return refusal && `leads to ${host}, which is ${refusal}; give a public address`
}
