import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, type JWTPayload, SignJWT, UnsecuredJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { signIn, type TestApi, testApi } from '../../test/api.ts'
import { checkAppToken, LAST_USE_INTERVAL_MS, MAX_TOKEN_CHARACTERS, verifyAppToken } from './app-token.ts'
import { createWorkspace } from './create-workspace.ts'

let api: TestApi
let claims: { jti: string; wid: string; iat: number }
beforeAll(async () => {
  api = await testApi()
  claims = decodeJwt(api.owner)
})
afterAll(() => api.close())

const check = (jwt: string) => checkAppToken(api.context, jwt)
const signingKey = () => api.context.vault.signingKey(claims.wid)
const sign = (payload: JWTPayload, header: { alg?: string; typ?: string } = {}) =>
  new SignJWT(payload).setProtectedHeader({ alg: 'HS256', typ: 'app+jwt', ...header })

describe('an app token', () => {
  it('names its row and workspace, and nothing that the row decides', () => {
    expect(decodeProtectedHeader(api.owner)).toEqual({ alg: 'HS256', typ: 'app+jwt' })
    expect(Object.keys(claims).sort()).toEqual(['iat', 'jti', 'wid'])
    expect(claims.wid).toBe(api.workspace.id)
  })

  it('stands for its caller', async () => {
    const caller = await verifyAppToken(api.context, api.owner)
    expect(caller).toMatchObject({ workspaceId: api.workspace.id, tokenId: claims.jti, name: 'Owner' })
    expect(caller?.can('manageDeveloper')).toBe(true)
  })

  it('is refused where it was altered, forged or made for something else', async () => {
    const key = await signingKey()
    const other = await createWorkspace(api.context, { subdomain: 'forger', name: 'x' })
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    const [header, payload, signature = ''] = api.owner.split('.')
    const json = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const flipped = `${signature.startsWith('A') ? 'B' : 'A'}${signature.slice(1)}`
    const forgeries: Record<string, string> = {
      empty: '',
      words: 'not a token',
      'without signature': `${header}.${payload}.`,
      'without its last character': api.owner.slice(0, -1),
      'with another signature': `${header}.${payload}.${flipped}`,
      'of another algorithm name': `${json({ alg: 'HS512', typ: 'app+jwt' })}.${payload}.${signature}`,
      'alg none': new UnsecuredJWT(claims).encode(),
      'alg none with the type': `${json({ alg: 'none', typ: 'app+jwt' })}.${payload}.`,
      'signed with HS512 and our key': await sign(claims, { alg: 'HS512' }).sign(key),
      'signed with HS512': await sign(claims, { alg: 'HS512' }).sign(randomBytes(64)),
      'signed with RS256': await sign(claims, { alg: 'RS256' }).sign(privateKey),
      'signed with another key': await sign(claims).sign(randomBytes(32)),
      "signed with another workspace's key": await sign(claims).sign(
        await api.context.vault.signingKey(other.id),
      ),
      'of another type': await sign(claims, { typ: 'JWT' }).sign(key),
      'naming another workspace': await sign({ ...claims, wid: other.id }).sign(key),
      'naming no row': await sign({ ...claims, jti: '00000000-0000-7000-8000-000000000000' }).sign(key),
      'whose id is no id': await sign({ ...claims, jti: "' or 1=1" }).sign(key),
      'whose workspace is no id': await sign({ ...claims, wid: 'x' }).sign(key),
      'without claims': await sign({}).sign(key),
    }
    for (const [name, jwt] of Object.entries(forgeries)) {
      expect(await check(jwt), name).toEqual({ ok: false, reason: 'invalid' })
    }
  })

  it(`is not looked at beyond ${MAX_TOKEN_CHARACTERS} characters`, async () => {
    const padded = async (length: number): Promise<string> => {
      const key = await signingKey()
      const empty = await sign({ ...claims, pad: '' }).sign(key)
      const pad = 'x'.repeat(Math.floor(((length - empty.length) * 3) / 4))
      return sign({ ...claims, pad }).sign(key)
    }
    expect(await check(await padded(MAX_TOKEN_CHARACTERS - 2))).toMatchObject({ ok: true })
    const before = api.statements.length
    expect(await check(await padded(MAX_TOKEN_CHARACTERS + 4))).toEqual({ ok: false, reason: 'invalid' })
    expect(await check('x'.repeat(1_000_000))).toEqual({ ok: false, reason: 'invalid' })
    expect(api.statements).toHaveLength(before)
  })

  it('is not valid in another workspace than the expected one', async () => {
    const other = await createWorkspace(api.context, { subdomain: 'elsewhere', name: 'x' })
    expect(await checkAppToken(api.context, api.owner, other.id)).toEqual({ ok: false, reason: 'invalid' })
    expect(await checkAppToken(api.context, api.owner, api.workspace.id)).toMatchObject({ ok: true })
  })

  it('expires at its date, to the millisecond', async () => {
    const start = api.clock.now
    const expireDate = new Date(start + 5_000)
    const { data } = await api.call(
      'mutation ($date: Date) { appsAdd(name: "short", permissions: [], expireDate: $date) { accessToken } }',
      { variables: { date: expireDate } },
    )
    const { accessToken } = data.appsAdd
    api.clock.now = expireDate.getTime() - 1
    expect(await check(accessToken)).toMatchObject({ ok: true })
    api.clock.now = expireDate.getTime()
    expect(await check(accessToken)).toEqual({ ok: false, reason: 'expired' })
    api.clock.now = start
  })

  it('notes its use at most once a minute, also under many requests at once', async () => {
    const token = await signIn(api.context, api.workspace)
    const { jti } = decodeJwt(token)
    const lastUsed = async () => {
      const row = allWorkspaces(api.context.db.sql)
        .selectFrom('appToken')
        .select('lastUsedAt')
        .where('id', '=', String(jti))
      return (await row.executeTakeFirstOrThrow()).lastUsedAt?.getTime()
    }
    const writes = () => api.statements.filter((kind) => kind === 'UpdateQueryNode').length
    const start = api.clock.now
    await Promise.all(Array.from({ length: 10 }, () => check(token)))
    expect(await lastUsed()).toBe(start)

    const written = writes()
    api.clock.now = start + LAST_USE_INTERVAL_MS - 1
    await check(token)
    expect(await lastUsed()).toBe(start)
    expect(writes()).toBe(written)

    api.clock.now = start + LAST_USE_INTERVAL_MS
    await check(token)
    expect(await lastUsed()).toBe(start + LAST_USE_INTERVAL_MS)
    expect(writes()).toBe(written + 1)
    api.clock.now = start
  })
})
