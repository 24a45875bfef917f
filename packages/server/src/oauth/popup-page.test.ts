import { describe, expect, it } from 'vitest'
import { connected, failed, refused } from './ending.ts'
import { popupPage } from './popup-page.ts'

const connection = {
  ns: 'acme',
  status: 'connected' as const,
  uid: '1',
  accountName: 'Ada',
  pendingRegistrations: 0,
  error: null,
}
const opener = { ns: 'acme', openerOrigin: 'https://app.example.com' }
const EVIL = `</script><script>alert(1)</script><img src=x onerror="alert('1')">&amp;\u2028`
const error = { code: 'TEST_FAILED', message: EVIL, retryable: false, details: {} } as const

/** The script of a page, run with a window of our own. */
function run(body: string, opened: boolean) {
  const script = /<script nonce="[^"]+">([\s\S]*?)<\/script>/.exec(body)?.[1]
  const posted: unknown[][] = []
  let closed = 0
  const window = {
    opener: opened ? { postMessage: (...message: unknown[]) => posted.push(message) } : null,
    close: () => {
      closed += 1
    },
  }
  if (script !== undefined) new Function('window', script)(window)
  return { posted, closed }
}

describe('the page on which a popup ends', () => {
  it('tells the opener at its exact origin, and closes', () => {
    const ending = connected(connection, { label: 'Acme', opener })
    const { body } = popupPage(ending)
    expect(run(body, true)).toEqual({
      posted: [[{ type: 'miniapp_oauth', ns: 'acme', status: 'connected' }, 'https://app.example.com']],
      closed: 1,
    })
    expect(body).toContain('<h1>Acme is connected</h1>')
    expect(body).toContain('<a href="https://app.example.com">')
  })

  it('closes where the opener is gone', () => {
    const { body } = popupPage(failed(error, { label: 'Acme', opener }))
    expect(run(body, false)).toEqual({ posted: [], closed: 1 })
  })

  it.each([
    [
      'a label and an account',
      () => connected({ ...connection, accountName: EVIL }, { label: EVIL, opener }),
    ],
    ['an error', () => failed(error, { label: EVIL, opener })],
  ])('escapes %s', (_name, ending) => {
    const { body } = popupPage(ending())
    expect(body.match(/<script/g)).toHaveLength(1)
    expect(body.match(/<\/script>/g)).toHaveLength(1)
    expect(body).not.toContain('<img')
    expect(run(body, true).posted).toHaveLength(1)
  })

  it('carries the words of an error to the opener unchanged', () => {
    const { body } = popupPage(failed(error, { label: 'Acme', opener }))
    expect(run(body, true).posted[0]?.[0]).toMatchObject({
      status: 'error',
      error: { code: 'TEST_FAILED', message: EVIL },
    })
  })

  it('says that an account is connected although its registration failed', () => {
    const ending = connected(
      { ...connection, error: { code: 'REGISTRATION_FAILED', message: 'No hook was made.' } },
      { label: 'Acme', opener },
    )
    expect(ending).toMatchObject({
      httpStatus: 200,
      notice: { message: { status: 'error', error: { code: 'REGISTRATION_FAILED' } } },
    })
    expect(ending.text).toMatch(/No hook was made\..*try to set it up again/)
  })

  it.each([
    [
      'there is no opener',
      connected(connection, { label: 'Acme', opener: { ns: 'acme', openerOrigin: null } }),
    ],
    ['nothing is known of the request', refused('unknown')],
    ['its outcome was told before', refused('used', opener)],
    ['another browser came', refused('other-browser', opener)],
  ])('has no script and stays open where %s', (_name, ending) => {
    expect(popupPage(ending).body).not.toContain('<script')
  })

  it('tells the opener about a sign-in that took too long', () => {
    expect(run(popupPage(refused('expired', opener)).body, true).posted).toHaveLength(1)
  })

  it('allows its own script alone, anew each time, and may not be framed, kept or named', () => {
    const pages = [popupPage(refused('expired', opener)), popupPage(refused('expired', opener))]
    const nonces = pages.map(({ headers, body }) => {
      const nonce = /<script nonce="([^"]+)">/.exec(body)?.[1] ?? ''
      expect(headers['content-security-policy']).toContain(`script-src 'nonce-${nonce}'`)
      expect(headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
      expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      return nonce
    })
    expect(nonces[0]).not.toBe(nonces[1])
    expect(Buffer.from(nonces[0] ?? '', 'base64')).toHaveLength(16)
  })
})
