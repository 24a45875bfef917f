/**
 * As much of a browser as a redirect flow needs: cookies, redirects and forms over real HTTP. No scripts, no windows;
 * what depends on those is tested in a real one.
 */

export interface Page {
  /** Where the redirects ended. */
  url: string
  status: number
  headers: Headers
  html: string
  forms: Form[]
}

export interface Form {
  method: string
  /** Absolute. */
  action: string
  /** Inputs by name, with the values that they start with. */
  fields: Record<string, string>
  buttons: { name: string; value: string; text: string }[]
}

export interface Browser {
  /** Follows redirects, at most {@link MAX_REDIRECTS}. */
  open(url: string): Promise<Page>
  /** Sends a form as it stands, but for the fields given. A button is a field too. */
  submit(form: Form, fields?: Record<string, string>): Promise<Page>
  /** What was asked for so far, in order. */
  visited: { method: string; url: string }[]
}

export interface BrowserOptions {
  /** Where origins really are, as in the setting `PROVIDER_ORIGINS`. */
  origins?: Record<string, string>
  /** A redirect to such an address is not followed: the page is then that redirect's answer. */
  stopAt?: (url: string) => boolean
}

/** What Chromium and Firefox follow before they give up. */
const MAX_REDIRECTS = 20

interface Cookie {
  name: string
  value: string
  host: string
  path: string
}

export function openBrowser({ origins = {}, stopAt }: BrowserOptions = {}): Browser {
  let cookies: Cookie[] = []
  const visited: Browser['visited'] = []

  /** Cookies know hosts and paths, not ports (RFC 6265, 8.5). */
  function cookieHeader({ hostname, pathname }: URL): string {
    return cookies
      .filter(({ host, path }) => host === hostname && covers(path, pathname))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ')
  }

  function keep(url: URL, headers: Headers): void {
    for (const line of headers.getSetCookie()) {
      const { cookie, isGone } = readCookie(line, url)
      cookies = cookies.filter(
        ({ name, host, path }) => name !== cookie.name || host !== cookie.host || path !== cookie.path,
      )
      if (!isGone) cookies.push(cookie)
    }
  }

  async function go(start: string, first: RequestInit = {}): Promise<Page> {
    let url = new URL(start)
    let init = first
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
      visited.push({ method: init.method ?? 'GET', url: url.href })
      const origin = origins[url.origin] ?? url.origin
      const headers = new Headers(init.headers)
      const cookie = cookieHeader(url)
      if (cookie) headers.set('Cookie', cookie)
      const response = await fetch(origin + url.pathname + url.search, {
        ...init,
        headers,
        redirect: 'manual',
      })
      keep(url, response.headers)
      const location = response.headers.get('Location')
      const next = response.status < 400 && location ? new URL(location, url) : undefined
      if (!next || stopAt?.(next.href)) {
        const html = await response.text()
        return {
          url: url.href,
          status: response.status,
          headers: response.headers,
          html,
          forms: readForms(html, url),
        }
      }
      await response.body?.cancel()
      if (response.status !== 307 && response.status !== 308) init = {}
      url = next
    }
    throw new Error(`More than ${MAX_REDIRECTS} redirects, the last one to ${url.href}.`)
  }

  return {
    open: (url) => go(url),
    submit({ method, action, fields }, changes = {}) {
      const body = new URLSearchParams({ ...fields, ...changes })
      if (method === 'POST') return go(action, { method, body })
      const url = new URL(action)
      url.search = body.toString()
      return go(url.href)
    },
    visited,
  }
}

const covers = (path: string, pathname: string) =>
  pathname === path || pathname.startsWith(path.endsWith('/') ? path : `${path}/`)

function readCookie(line: string, url: URL): { cookie: Cookie; isGone: boolean } {
  const [pair = '', ...rest] = line.split(';').map((part) => part.trim())
  const split = pair.indexOf('=')
  const attributes = new Map(
    rest.map((attribute): [string, string] => {
      const [name = '', value = ''] = attribute.split('=')
      return [name.toLowerCase(), value]
    }),
  )
  const path = attributes.get('path')
  const maxAge = attributes.get('max-age')
  const expires = attributes.get('expires')
  const isGone = maxAge === undefined ? Date.parse(expires ?? '') < Date.now() : Number(maxAge) <= 0
  const cookie = {
    name: pair.slice(0, split),
    value: pair.slice(split + 1),
    host: url.hostname,
    path: path?.startsWith('/') ? path : url.pathname.slice(0, url.pathname.lastIndexOf('/')) || '/',
  }
  return { cookie, isGone }
}

function readForms(html: string, base: URL): Form[] {
  return [...html.matchAll(/<form\b([^>]*)>(.*?)<\/form>/gs)].map(([, tag = '', content = '']) => {
    const attributes = readAttributes(tag)
    const inputs = [...content.matchAll(/<input\b([^>]*)>/g)].map(([, input = '']) => readAttributes(input))
    return {
      method: (attributes['method'] ?? 'get').toUpperCase(),
      action: new URL(attributes['action'] ?? '', base).href,
      fields: Object.fromEntries(inputs.map(({ name = '', value = '' }) => [name, value])),
      buttons: [...content.matchAll(/<button\b([^>]*)>(.*?)<\/button>/gs)].map(
        ([, button = '', inner = '']) => {
          const { name = '', value = '' } = readAttributes(button)
          return { name, value, text: textOf(inner) }
        },
      ),
    }
  })
}

function readAttributes(tag: string): Record<string, string> {
  return Object.fromEntries(
    [...tag.matchAll(/([a-z-]+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, unescapeHtml(value)]),
  )
}

/** The words that a piece of HTML shows. */
export function textOf(html: string): string {
  return unescapeHtml(html.replace(/<(title|style|script)\b.*?<\/\1>/gs, '').replace(/<[^>]*>/g, ' '))
    .replace(/\s+/g, ' ')
    .trim()
}

const NAMED = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" } as const

function unescapeHtml(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([0-9a-f]+)|(amp|lt|gt|quot|apos));/gi, (_all, decimal, hex, name) => {
    if (name) return NAMED[name.toLowerCase() as keyof typeof NAMED]
    return String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16))
  })
}
