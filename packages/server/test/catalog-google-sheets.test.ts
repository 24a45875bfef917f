/**
 * The OAuth requests of `catalog/google-sheets`, and its list of spreadsheets, answered by a stand-in for Google that
 * nobody of this project wrote. It has no cells, and takes any access token: the rest is in the fixtures alone.
 */
import { createHash, randomBytes } from 'node:crypto'
import { createEmulator, type Emulator } from 'emulate'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser } from './browser.ts'
import { type CatalogApp, openCatalogApp } from './catalog-app.ts'

const REDIRECT = 'https://platform.example/miniapps/google-sheets/oauth2'
const CLIENT = { client_id: 'client-of-the-test', client_secret: 'secret-of-the-test' }
const SHEET = 'application/vnd.google-apps.spreadsheet'
/** Where the stand-in has another path than Google. */
const PATHS: Record<string, string> = {
  'https://oauth2.googleapis.com/token': '/oauth2/token',
  'https://openidconnect.googleapis.com/v1/userinfo': '/oauth2/v2/userinfo',
}

let google: Emulator
let origin: string
let sheets: CatalogApp
/** Filled by the test as a connection would be. */
const tokens: Record<string, unknown> = {}
beforeAll(async () => {
  const user = { email: 'ada@example.com', name: 'Ada Lovelace' }
  const drive_items = [
    { id: 'orders', name: 'Orders', mime_type: SHEET },
    { id: 'letter', name: 'Letter', mime_type: 'application/vnd.google-apps.document' },
  ]
  const seed = {
    google: { users: [user], oauth_clients: [{ ...CLIENT, redirect_uris: [REDIRECT] }], drive_items },
  }
  google = await createEmulator({ service: 'google', port: 0, hostname: '127.0.0.1', seed })
  origin = `http://127.0.0.1:${new URL(google.url).port}`
  sheets = await openCatalogApp('google-sheets', {
    redirect: ({ origin: host, pathname, search }) => origin + (PATHS[host + pathname] ?? pathname + search),
    config: CLIENT,
    credentials: tokens,
  })
})
afterAll(() => google.close())

/** Consents in a browser and answers the code. */
async function authorize(challenge: string): Promise<string> {
  const browser = openBrowser({
    origins: { 'https://accounts.google.com': origin },
    stopAt: (url) => url.startsWith(REDIRECT),
  })
  const address = sheets.auth.authUrl?.render({
    flow: { state: 'the-state', redirect_uri: REDIRECT, code_challenge: challenge },
    userInput: { scope: 'openid email' },
    config: CLIENT,
    system: {},
  })
  const page = await browser.open(String(address))
  const form = page.forms.find(({ fields }) => fields['email'] === 'ada@example.com')
  if (!form) throw new Error(`Google does not offer the account: ${page.html}`)
  const { searchParams } = new URL((await browser.submit(form)).headers.get('Location') ?? '')
  expect(searchParams.get('state')).toBe('the-state')
  return searchParams.get('code') ?? ''
}

test('an account is connected with PKCE, refreshed, listed from, and told when its grant has ended', async () => {
  const { getToken, refreshToken, userDetails } = sheets.auth
  const verifier = randomBytes(32).toString('base64url')
  const code = await authorize(createHash('sha256').update(verifier).digest('base64url'))
  const flow = { code, redirect_uri: REDIRECT }
  await expect(sheets.authenticate([getToken], { ...flow, code_verifier: `${verifier}x` })).rejects.toThrow(
    'PKCE',
  )
  Object.assign(tokens, await sheets.authenticate([getToken], { ...flow, code_verifier: verifier }))
  expect(tokens).toMatchObject({ refreshToken: expect.any(String), expiresIn: 3600 })
  expect(await sheets.authenticate([userDetails], {})).toMatchObject({
    name: 'Ada Lovelace',
    accountEmail: 'ada@example.com',
  })

  const renewed = await sheets.authenticate([refreshToken], {})
  expect(renewed).toEqual({ accessToken: expect.any(String), expiresIn: 3600 })
  expect(renewed['accessToken']).not.toBe(tokens['accessToken'])
  Object.assign(tokens, renewed)
  expect(await sheets.options('rpc_spreadsheets')).toEqual({ Orders: 'orders' })

  const token = String(tokens['refreshToken'])
  await fetch(`${origin}/oauth2/revoke`, { method: 'POST', body: new URLSearchParams({ token }) })
  await expect(sheets.authenticate([refreshToken], {})).rejects.toMatchObject({
    details: { providerError: 'invalid_grant' },
  })
})
