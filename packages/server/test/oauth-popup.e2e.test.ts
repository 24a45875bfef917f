/** OAuth 2.0 as a person goes through it: a page with a button, a popup, consent at a real provider, in a real Chromium. */
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { chromiumMissing, launchChromium } from './chromium.ts'
import { type LocalServer, startLocalServer } from './local-server.ts'
import { type OauthPlatform, startOauthPlatform, type Tenant } from './oauth-platform.ts'

/** A page of somebody who embeds the platform: it opens the popup and waits to be told. */
const EMBEDDING_PAGE = `<!doctype html>
<meta charset="utf-8"><title>Embedding page</title>
<button id="connect">Connect</button>
<script>
  window.heard = []
  addEventListener('message', (event) => heard.push({ data: event.data, origin: event.origin }))
  window.connect = () => {
    window.popup = window.open(ticket, 'connect', 'popup,width=520,height=640')
    return window.popup === null ? 'blocked' : 'opened'
  }
  document.querySelector('#connect').addEventListener('click', connect)
</script>`

declare function connect(): string

/** Milliseconds in which a message would have come that must not come. */
const SILENCE_MS = 300

let platform: OauthPlatform
let embedder: LocalServer
let chromium: Browser
let browser: BrowserContext
let tenant: Tenant
let accounts = 0
let account: string

describe.skipIf(chromiumMissing)(`OAuth in Chromium${chromiumMissing ? ` (${chromiumMissing})` : ''}`, () => {
  beforeAll(async () => {
    platform = await startOauthPlatform()
    embedder = await startLocalServer(({ url }, response) => {
      // Such a page loses the windows that it opens as soon as they show another origin.
      const policy = url === '/isolated' ? 'same-origin' : 'unsafe-none'
      response
        .writeHead(200, {
          'Content-Type': 'text/html; charset=utf-8',
          'Cross-Origin-Opener-Policy': policy,
        })
        .end(EMBEDDING_PAGE)
    })
    chromium = await launchChromium()
  })
  afterAll(async () => {
    await chromium?.close()
    await embedder?.close()
    await platform?.close()
  })
  beforeEach(async () => {
    tenant = await platform.newTenant()
    account = `person${++accounts}x`
    browser = await chromium.newContext()
    browser.setDefaultTimeout(0)
  })
  afterEach(() => browser.close())

  const ticket = (options: { tenant?: Tenant; openerOrigin?: string } = {}) =>
    platform.ticket({ tenant, openerOrigin: embedder.origin, ...options })

  /** The embedding page, with a ticket in its hand. */
  async function embeddingPage(url: string, path = '/'): Promise<Page> {
    const page = await browser.newPage()
    await page.addInitScript((address) => Object.assign(window, { ticket: address }), url)
    await page.goto(embedder.origin + path)
    return page
  }

  async function openPopup(page: Page): Promise<Page> {
    const [popup] = await Promise.all([page.waitForEvent('popup'), page.click('#connect')])
    await popup.waitForURL(`${platform.provider.origin}/interaction/**`)
    return popup
  }

  async function decide(popup: Page, decision: 'allow' | 'deny'): Promise<void> {
    await popup.fill('[name=account]', account)
    // The popup may close before the click is reported as done.
    await popup.click(`button[value=${decision}]`).catch((error: Error) => {
      if (!popup.isClosed()) throw error
    })
  }

  const heard = (page: Page) => page.evaluate(() => (window as unknown as { heard: unknown[] }).heard)

  /** Walks through the consent without scripts, with the cookies of the browser, to the answer's address. */
  async function answerAddress(context: BrowserContext, start: string): Promise<string> {
    let answer = await context.request.get(start)
    const form = /action="([^"]+)"/.exec(await answer.text())?.[1] ?? ''
    let url = new URL(form, platform.provider.origin).href
    answer = await context.request.post(url, { form: { account, decision: 'allow' }, maxRedirects: 0 })
    while (!url.startsWith(platform.url)) {
      url = new URL(answer.headers()['location'] ?? '', url).href
      if (!url.startsWith(platform.url)) answer = await context.request.get(url, { maxRedirects: 0 })
    }
    return url
  }

  describe('a popup', () => {
    it('connects, tells the page that opened it, and closes', async () => {
      const page = await embeddingPage(await ticket())
      const popup = await openPopup(page)
      const closed = popup.waitForEvent('close')
      await decide(popup, 'allow')
      await closed
      expect(await heard(page)).toEqual([
        { data: { type: 'miniapp_oauth', ns: 'storefront', status: 'connected' }, origin: platform.url },
      ])
      expect(await platform.install(tenant)).toMatchObject({ state: 'connected', uid: account })
      expect(await browser.cookies(platform.url)).toEqual([])
    })

    it('that the provider ends with an error tells it, and closes', async () => {
      const page = await embeddingPage(await ticket())
      const popup = await openPopup(page)
      const closed = popup.waitForEvent('close')
      await decide(popup, 'deny')
      await closed
      expect(await heard(page)).toEqual([
        {
          data: {
            type: 'miniapp_oauth',
            ns: 'storefront',
            status: 'error',
            error: { code: 'TEST_FAILED', message: expect.stringContaining('access_denied') },
          },
          origin: platform.url,
        },
      ])
      expect(await platform.install(tenant)).toMatchObject({ state: 'installed' })
    })

    it('that took too long tells it, and closes', async () => {
      const page = await embeddingPage(await ticket())
      const popup = await openPopup(page)
      platform.advance(10 * 60_000)
      const closed = popup.waitForEvent('close')
      await decide(popup, 'allow')
      await closed
      expect(await heard(page)).toMatchObject([
        { data: { status: 'error', error: { message: 'This sign-in took too long.' } } },
      ])
      expect(await platform.install(tenant)).toMatchObject({ state: 'installed' })
    })

    it('that the browser blocks leaves the ticket good', async () => {
      // At its load a page has no click to show for a window.
      await browser.addInitScript(() =>
        addEventListener('load', () => Object.assign(window, { outcome: connect() })),
      )
      const page = await embeddingPage(await ticket())
      const outcome = await page.evaluate(() => (window as unknown as { outcome: string }).outcome)
      expect(outcome).toBe('blocked')
      const popup = await openPopup(page)
      const closed = popup.waitForEvent('close')
      await decide(popup, 'allow')
      await closed
      expect(await platform.install(tenant)).toMatchObject({ state: 'connected', uid: account })
    })

    it('that is closed early connects nothing, and the next one does', async () => {
      const page = await embeddingPage(await ticket())
      const popup = await openPopup(page)
      await popup.close()
      await page.waitForFunction(() => (window as unknown as { popup: Window }).popup.closed)
      expect(await heard(page)).toEqual([])
      expect(await platform.install(tenant)).toMatchObject({ state: 'installed', lastConnectError: null })

      const again = await embeddingPage(await ticket())
      const second = await openPopup(again)
      const closed = second.waitForEvent('close')
      await decide(second, 'allow')
      await closed
      expect(await platform.install(tenant)).toMatchObject({ state: 'connected', uid: account })
    })

    it("with another workspace's ticket connects that one, and tells this page nothing", async () => {
      const other = await platform.newTenant()
      const page = await embeddingPage(
        await ticket({ tenant: other, openerOrigin: 'https://theirs.example' }),
      )
      const popup = await openPopup(page)
      const closed = popup.waitForEvent('close')
      await decide(popup, 'allow')
      await closed
      await page.waitForTimeout(SILENCE_MS)
      expect(await heard(page)).toEqual([])
      expect(await platform.install(tenant)).toMatchObject({ state: 'installed' })
      expect(await platform.install(other)).toMatchObject({ state: 'connected', uid: account })
    })

    it('that the page cannot be reached from connects all the same, and closes', async () => {
      const page = await embeddingPage(await ticket(), '/isolated')
      const [popup] = await Promise.all([browser.waitForEvent('page'), page.click('#connect')])
      await popup.waitForSelector('[name=account]')
      const closed = popup.waitForEvent('close')
      await decide(popup, 'allow')
      await closed
      await page.waitForTimeout(SILENCE_MS)
      expect(await heard(page)).toEqual([])
      expect(await platform.install(tenant)).toMatchObject({ state: 'connected', uid: account })
    })
  })

  describe('a window that nobody waits for', () => {
    it('shows the outcome and stays', async () => {
      const page = await browser.newPage()
      await page.goto(await platform.ticket({ tenant }))
      await decide(page, 'allow')
      await page.waitForURL(`${platform.url}/**`)
      expect(await page.textContent('h1')).toBe('Storefront is connected')
      expect(await page.textContent('p')).toContain('of the stand-in')
    })

    it('has a link back to the page that it was to tell', async () => {
      const page = await browser.newPage()
      await page.goto(embedder.origin)
      await page.goto(await ticket())
      await decide(page, 'allow')
      await page.waitForURL(`${platform.url}/**`)
      expect(await page.textContent('h1')).toBe('Storefront is connected')
      await page.click('a')
      expect(await page.title()).toBe('Embedding page')
    })
  })

  describe('an answer', () => {
    /** Opens the answer's address in a popup of a page that would hear of it. */
    async function open(context: BrowserContext, address: string) {
      const page = await context.newPage()
      await page.addInitScript((url) => Object.assign(window, { ticket: url }), address)
      await page.goto(embedder.origin)
      const [popup] = await Promise.all([page.waitForEvent('popup'), page.click('#connect')])
      await popup.waitForSelector('h1')
      const title = await popup.textContent('h1')
      await page.waitForTimeout(SILENCE_MS)
      expect(popup.isClosed()).toBe(false)
      expect(await heard(page)).toEqual([])
      return title
    }

    it('with a wrong state is explained', async () => {
      const address = await answerAddress(browser, await ticket())
      const wrong = address.replace(
        /(state=.{40})(.)/,
        (_all, start, next) => start + (next === 'A' ? 'B' : 'A'),
      )
      expect(await open(browser, wrong)).toBe('This sign-in is not known here')
      expect(await platform.install(tenant)).toMatchObject({ state: 'installed' })
    })

    it('that comes again is explained', async () => {
      const address = await answerAddress(browser, await ticket())
      await (await browser.newPage()).goto(address)
      const connected = await platform.install(tenant)
      expect(connected).toMatchObject({ state: 'connected', uid: account })
      expect(await open(browser, address)).toBe('This sign-in is over')
      expect(await platform.install(tenant)).toEqual(connected)
    })

    it('in another browser is explained', async () => {
      const address = await answerAddress(browser, await ticket())
      const elsewhere = await chromium.newContext()
      elsewhere.setDefaultTimeout(0)
      expect(await open(elsewhere, address)).toBe('This sign-in began in another browser')
      await elsewhere.close()
      expect(await platform.install(tenant)).toMatchObject({ state: 'installed' })
    })

    it('with HTML in an error is text', async () => {
      const page = await browser.newPage()
      const dialogs: string[] = []
      page.on('dialog', (dialog) => {
        dialogs.push(dialog.message())
        void dialog.dismiss()
      })
      const address = new URL(await answerAddress(browser, await platform.ticket({ tenant })))
      address.searchParams.delete('code')
      address.searchParams.set('error', '<img src=x onerror=alert(1)>')
      address.searchParams.set('error_description', '</script><script>alert(2)</script>')
      await page.goto(address.href)
      expect(await page.textContent('h1')).toBe('Storefront was not connected')
      expect(await page.textContent('p')).toContain(
        '(<img src=x onerror=alert(1)>). It says: </script><script>alert(2)</script>',
      )
      expect(await page.locator('img, p script').count()).toBe(0)
      expect(dialogs).toEqual([])
    })
  })

  it('an address in a frame is not shown and uses no ticket up', async () => {
    const url = await ticket()
    const page = await embeddingPage(url)
    await page.evaluate((address) => {
      const frame = document.createElement('iframe')
      frame.src = address
      return new Promise((resolve) => {
        frame.addEventListener('load', resolve)
        document.body.append(frame)
      })
    }, url)
    const [, frame] = page.frames()
    expect(await frame?.content()).not.toContain('sign-in')
    const popup = await openPopup(page)
    expect(popup.url()).toContain('/interaction/')
  })
})
