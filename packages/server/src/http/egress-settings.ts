import ipaddr from 'ipaddr.js'
import { ConfigError } from '../config.ts'
import { isAllowedPort, portOf } from './address-guard.ts'

/**
 * Reads `ALLOW_PRIVATE_NETWORKS`: CIDR blocks or single addresses, separated by commas or white space. Empty text is
 * the empty list: nothing but the public internet is open.
 *
 * @returns canonical CIDR blocks.
 * @throws ConfigError with every entry that cannot be meant, and what would be right
 */
export function parsePrivateNetworks(text: string): string[] {
  const problems: string[] = []
  const networks = entriesOf(text).flatMap((entry) => {
    const network = readNetwork(entry)
    if ('problem' in network) problems.push(`ALLOW_PRIVATE_NETWORKS has "${entry}"; ${network.problem}.`)
    return 'problem' in network ? [] : [network.cidr]
  })
  if (problems.length > 0) throw new ConfigError(problems)
  return networks
}

function readNetwork(entry: string): { cidr: string } | { problem: string } {
  const cidr = entry.includes('/') ? entry : `${entry}/${entry.includes(':') ? 128 : 32}`
  const isIPv4 = ipaddr.IPv4.isValidCIDRFourPartDecimal(cidr)
  if (!isIPv4 && (!ipaddr.IPv6.isValidCIDR(cidr) || cidr.includes('%'))) {
    return { problem: 'it must be a CIDR block such as 10.0.0.0/8 or fd00::/8' }
  }
  const [address, prefix] = ipaddr.parseCIDR(cidr)
  const network = (isIPv4 ? ipaddr.IPv4 : ipaddr.IPv6).networkAddressFromCIDR(cidr).toString()
  // 10.1.2.3/8 opens sixteen million addresses where perhaps one was meant.
  if (network !== address.toString()) {
    return { problem: `it is not the start of a block: write ${network}/${prefix}, or ${address} alone` }
  }
  return { cidr: `${network}/${prefix}` }
}

/**
 * Reads `PROVIDER_ORIGINS`: `original=stand-in` pairs separated by commas or white space, both of them origins, as in
 * `https://api.github.com=http://127.0.0.1:4001`.
 *
 * @returns original origin → origin of its stand-in.
 * @throws ConfigError with every entry that cannot be meant, and why
 */
export function parseProviderOrigins(text: string): Map<string, string> {
  const problems: string[] = []
  const origins = new Map<string, string>()
  for (const entry of entriesOf(text)) {
    const pair = readPair(entry)
    if ('problem' in pair) problems.push(`PROVIDER_ORIGINS has "${entry}"; ${pair.problem}.`)
    else if (origins.has(pair.original)) problems.push(`PROVIDER_ORIGINS names ${pair.original} twice.`)
    else origins.set(pair.original, pair.standIn)
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return origins
}

function readPair(entry: string): { original: string; standIn: string } | { problem: string } {
  const parts = entry.split('=')
  const [original, standIn] = parts.map(originOf)
  if (parts.length !== 2 || original === undefined || standIn === undefined) {
    return {
      problem: 'it must be two origins without path, such as https://api.example.com=http://127.0.0.1:4001',
    }
  }
  if (!isAllowedPort(portOf(new URL(original)))) {
    return { problem: 'requests may go to the ports 80, 443 and 1024 to 65535 only' }
  }
  return { original, standIn }
}

/** The origin that `text` spells, without anything besides. */
function originOf(text: string): string | undefined {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined
  return url.href === `${url.origin}/` ? url.origin : undefined
}

function entriesOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((entry) => entry !== '')
}
