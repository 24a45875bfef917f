import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openBrowser, textOf } from './browser.ts'
import { type LocalServer, startLocalServer } from './local-server.ts'

type Answer = (request: IncomingMessage, response: ServerResponse) => void

let server: LocalServer
let answers: Record<string, Answer>
beforeAll(async () => {
  server = await startLocalServer((request, response) => {
    const [path = ''] = (request.url ?? '').split('?')
    const answer = answers[path]
    if (answer) answer(request, response)
    else response.end('<p>Here</p>')
  })
})
beforeEach(() => {
  answers = {}
  server.requests.length = 0
})
afterAll(() => server.close())

const redirect =
  (location: string, status = 302): Answer =>
  (_request, response) =>
    response.writeHead(status, { Location: location }).end()
const page =
  (html: string, headers: Record<string, string | string[]> = {}): Answer =>
  (_request, response) =>
    response.writeHead(200, headers).end(html)
const cookiesSeen = () => server.requests.map(({ headers }) => headers.cookie)

test('follows redirects, relative ones too, to the page at their end', async () => {
  answers = { '/a': redirect('/b?x=1'), '/b': redirect(`${server.origin}/c`) }
  const browser = openBrowser()
  const end = await browser.open(`${server.origin}/a`)
  expect(end).toMatchObject({ url: `${server.origin}/c`, status: 200, html: '<p>Here</p>' })
  expect(browser.visited.map(({ url }) => url.slice(server.origin.length))).toEqual(['/a', '/b?x=1', '/c'])
})

test('gives up in a circle', async () => {
  answers = { '/a': redirect('/a') }
  await expect(openBrowser().open(`${server.origin}/a`)).rejects.toThrow('More than 20 redirects')
})

test('stops at a redirect to an address that is not to be opened', async () => {
  answers = { '/a': redirect('https://platform.example/back?code=1') }
  const browser = openBrowser({ stopAt: (url) => url.startsWith('https://platform.example/') })
  const end = await browser.open(`${server.origin}/a`)
  expect(end.headers.get('Location')).toBe('https://platform.example/back?code=1')
})

test('asks where an origin really is, and speaks of the origin all the same', async () => {
  const browser = openBrowser({ origins: { 'https://provider.example': server.origin } })
  const end = await browser.open('https://provider.example/page?x=1')
  expect(end.url).toBe('https://provider.example/page?x=1')
  expect(server.requests[0]?.url).toBe('/page?x=1')
})

test('sends cookies back where they belong, replaces them, and forgets the expired', async () => {
  answers = {
    '/set': page('', { 'Set-Cookie': ['a=1; Path=/', 'deep=2; Path=/deep', 'own=3; HttpOnly'] }),
    '/change': page('', { 'Set-Cookie': ['a=9; Path=/'] }),
    '/drop': page('', { 'Set-Cookie': ['a=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT'] }),
    '/deep/drop': page('', { 'Set-Cookie': 'deep=; Path=/deep; Max-Age=0' }),
  }
  const browser = openBrowser()
  for (const path of ['/set', '/', '/deep', '/deeper', '/change', '/deep/drop', '/deep', '/drop', '/']) {
    await browser.open(server.origin + path)
  }
  const [, root, deep, deeper, , , again, , last] = cookiesSeen()
  expect(root).toBe('a=1; own=3')
  expect(deep).toBe('a=1; deep=2; own=3')
  expect(deeper).toBe('a=1; own=3')
  expect(again).toBe('own=3; a=9')
  expect(last).toBe('own=3')
})

test('shares no cookies with another browser', async () => {
  answers = { '/set': page('', { 'Set-Cookie': 'a=1; Path=/' }) }
  await openBrowser().open(`${server.origin}/set`)
  await openBrowser().open(`${server.origin}/`)
  expect(cookiesSeen()).toEqual([undefined, undefined])
})

test('reads a form and submits it as it stands, but for what is filled in', async () => {
  answers = {
    '/form':
      page(`<form method="post" action="/done?x=1"><input type="hidden" name="state" value="&quot;a&amp;b&#39;"/>
      <input name="account" value="ada"><button name="decision" value="allow"><b>Allow</b> it</button></form>`),
    '/done': redirect('/end', 303),
  }
  const browser = openBrowser()
  const [form] = (await browser.open(`${server.origin}/form`)).forms
  if (!form) throw new Error('There is no form.')
  expect(form).toEqual({
    method: 'POST',
    action: `${server.origin}/done?x=1`,
    fields: { state: `"a&b'`, account: 'ada' },
    buttons: [{ name: 'decision', value: 'allow', text: 'Allow it' }],
  })
  await browser.submit(form, { account: 'omar', decision: 'allow' })
  expect(server.requests.at(-2)).toMatchObject({
    method: 'POST',
    url: '/done?x=1',
    body: 'state=%22a%26b%27&account=omar&decision=allow',
  })
  expect(server.requests.at(-1)).toMatchObject({ method: 'GET', url: '/end', body: '' })
})

test('puts the fields of a form without method into the address', async () => {
  answers = { '/form': page('<form><input name="q" value="a b"></form>') }
  const browser = openBrowser()
  const [form] = (await browser.open(`${server.origin}/form?old=1`)).forms
  if (!form) throw new Error('There is no form.')
  await browser.submit(form)
  expect(server.requests.at(-1)).toMatchObject({ method: 'GET', url: '/form?q=a+b' })
})

test('reads the words that a page shows', () => {
  expect(textOf('<title>No</title><style>p{}</style><h1>Yes &amp; no</h1>\n<p>&#60;b&#x3e;</p>')).toBe(
    'Yes & no <b>',
  )
})
