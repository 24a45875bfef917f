import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestApi, testApi } from '../../test/api.ts'
import { makeOwnerLink } from './login-link.ts'

let api: TestApi
beforeAll(async () => {
  api = await testApi()
})
afterAll(() => api.close())

async function makeLink(): Promise<{ url: string; path: string }> {
  const url = await makeOwnerLink(api.context, api.workspace.id)
  return { url, path: new URL(url).pathname }
}

describe('GET /login/:link', () => {
  it('shows the command and leaves the link usable', async () => {
    const { url, path } = await makeLink()
    for (let visit = 0; visit < 3; visit++) {
      const page = await api.inject({ url: path })
      expect(page.statusCode).toBe(200)
      expect(page.body).toContain(`npm run miniapps -- login ${url}`)
    }
    expect((await api.inject({ method: 'POST', url: path })).statusCode).toBe(200)
  })

  it('is a page that runs nothing, is kept nowhere and tells its address to nobody', async () => {
    const page = await api.inject({ url: (await makeLink()).path })
    expect(page.headers).toMatchObject({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringMatching(/^default-src 'none';.*frame-ancestors 'none'/),
    })
    expect(page.body).not.toMatch(/<script|\s(src|href|on\w+)=/i)
  })

  it.each([
    ['markup', '<script>alert(1)</script>'],
    ['a broken link', 'main.abc'],
    ['an attribute', '"onmouseover="x'],
  ])('reflects nothing of %s', async (_name, link) => {
    const page = await api.inject({ url: `/login/${encodeURIComponent(link)}` })
    expect(page.statusCode).toBe(404)
    expect(page.body).toContain('This sign-in link is not complete')
    expect(page.body).not.toContain(link)
  })

  it('escapes the name of the workspace', async () => {
    await api.context.db.sql
      .updateTable('workspace')
      .set({ name: '<img src=x>&"\'' })
      .where('id', '=', api.workspace.id)
      .execute()
    const page = await api.inject({ url: (await makeLink()).path })
    expect(page.body).toContain('<h1>Sign in to &lt;img src=x&gt;&amp;&quot;&#39;</h1>')
  })
})

describe('POST /login/:link', () => {
  it('trades the link, whatever the body is', async () => {
    const { path } = await makeLink()
    const answer = await api.inject({
      method: 'POST',
      url: path,
      headers: { 'content-type': 'application/json' },
      payload: 'not even JSON',
    })
    expect(answer.statusCode).toBe(200)
    expect(answer.headers['cache-control']).toBe('no-store')
    const { accessToken, ...rest } = answer.json()
    const { id, subdomain } = api.workspace
    expect(rest).toEqual({
      workspace: { id, subdomain, name: expect.any(String) },
      apiUrl: 'http://localhost:4000',
    })
    const { data } = await api.call('{ currentUser { isOwner } }', { token: accessToken })
    expect(data).toEqual({ currentUser: { isOwner: true } })
  })

  it('logs the use, without link or token', async () => {
    const { path } = await makeLink()
    api.lines.length = 0
    const answer = await api.inject({ method: 'POST', url: path })
    expect(api.lines).toMatchObject([
      { event: 'link.used', requestId: answer.headers['x-request-id'], workspaceId: api.workspace.id },
    ])
    expect(JSON.stringify(api.lines)).not.toContain(answer.json().accessToken.split('.')[2])
    expect(JSON.stringify(api.lines)).not.toContain(path.split('.')[1])
  })

  it('answers an error with code, sentence and request id', async () => {
    const { path } = await makeLink()
    await api.inject({ method: 'POST', url: path })
    const again = await api.inject({ method: 'POST', url: path })
    expect(again.statusCode).toBe(401)
    expect(again.json()).toEqual({
      error: {
        code: 'UNAUTHENTICATED',
        message: expect.stringMatching(/^This sign-in link was used already/),
        requestId: again.headers['x-request-id'],
      },
    })
  })
})
