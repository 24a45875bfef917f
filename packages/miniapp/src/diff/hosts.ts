import type { Definition } from '../document.ts'
import type { RequestSite } from '../rules/request-sites.ts'
import type { Comparison } from './comparison.ts'
import { requestsOf } from './requests.ts'

/** Hosts that an app contacts (8.2: reviewers look at them; 10.4: requests to others are refused). */
export const compareHosts: Comparison = ({ before, after, report }) => {
  const [from, to] = [contactsOf(before), contactsOf(after)]
  for (const [host, pointer] of to.hosts) {
    if (!from.hosts.has(host)) report('host-added', 'after', pointer, `The app also contacts ${host}.`)
  }
  for (const [host, pointer] of from.hosts) {
    if (to.hosts.has(host)) continue
    if (pointer.startsWith('/allowedHosts/') && to.hasOpenHost)
      report(
        'host-withdrawn',
        'before',
        pointer,
        `Requests to ${host} are refused; an address that the provider hands out may lead there.`,
      )
    else report('host-removed', 'before', pointer, `The app no longer contacts ${host}.`)
  }
}

interface Contacts {
  /** Host, or pattern of hosts, → the first place that names it. */
  hosts: Map<string, string>
  /** Some host is known only when the request is made. */
  hasOpenHost: boolean
}

function contactsOf(definition: Definition): Contacts {
  const hosts = new Map<string, string>()
  const { requests } = requestsOf(definition)
  let hasOpenHost = false
  for (const request of requests) {
    const host = hostOf(request)
    if (host === undefined) hasOpenHost = true
    else if (!hosts.has(host)) hosts.set(host, request.urlPointer)
  }
  definition.allowedHosts?.forEach((host, index) => {
    if (!hosts.has(host.toLowerCase())) hosts.set(host.toLowerCase(), `/allowedHosts/${index}`)
  })
  return { hosts, hasOpenHost }
}

/** `api.example.com`, `*.example.com` where the front is a placeholder, `undefined` where all of it is. */
function hostOf({ url }: RequestSite): string | undefined {
  if (url === undefined || url instanceof Error || url.origin) return undefined
  const last = url.host.at(-1)
  if (typeof last !== 'string') return undefined
  if (url.host.length === 1) return last.toLowerCase()
  return last.includes('.') ? `*${last.slice(last.indexOf('.')).toLowerCase()}` : undefined
}
