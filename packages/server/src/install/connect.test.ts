import { MiniAppError } from 'miniapp'
import { describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { ledgerDefinition } from '../../test/ledger-app.ts'
import { ledgerTests } from '../../test/ledger-tests.ts'
import type { Actor } from '../action/actor.ts'
import { ApiError } from '../errors.ts'
import { registerDefinition } from '../registry/register.ts'
import { connectWithForm } from './connect.ts'
import { installApp } from './install-app.ts'
import { findLiveInstall } from './live-install.ts'
import { disconnect, uninstall } from './remove.ts'
import { findInstall } from './store.ts'

const tests = ledgerTests('w', async ({ platform, actor }) => {
  await installApp(platform.context, { workspaceId: actor.workspaceId, ns: 'ledger' })
})

const keyOf = (of: Actor) => ({ workspaceId: of.workspaceId, ns: 'ledger' })
const stored = (of = tests.actor) => findInstall(tests.platform.context.db.sql, keyOf(of))
const connect = (credentials: unknown, of = tests.actor) =>
  connectWithForm(tests.platform.context, {
    ...keyOf(of),
    subdomain: of.subdomain,
    requestId: 'r1',
    credentials,
  })

async function refusal(attempt: Promise<unknown>): Promise<MiniAppError | ApiError> {
  const error = await attempt.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (error instanceof MiniAppError || error instanceof ApiError) return error
  throw new Error(`expected a refusal, got ${String(error)}`)
}

/** A name for an account that no other test connects. */
const account = () => `${tests.actor.subdomain}-${Math.trunc(Math.random() * 1e9)}`

describe('connectWithForm', () => {
  it('exchanges, tests, asks who it is, and stores three bags', async () => {
    const name = account()
    const connection = await connect({ apiKey: ` key-${name} `, region: 'us' })
    expect(connection).toEqual({
      ns: 'ledger',
      status: 'connected',
      uid: `uid-${name}`,
      accountName: `Account ${name}`,
      pendingRegistrations: 0,
      error: null,
    })
    const live = await findLiveInstall(tests.platform.context, keyOf(tests.actor))
    expect(live?.bags).toMatchObject({
      credentials: { apiKey: `key-${name}`, region: 'us', accessToken: `token-of-${name}` },
      metadata: { uid: `uid-${name}`, name: `Account ${name}`, plan: 'pro' },
      userInput: { region: 'us' },
    })
    expect(live?.bags.userInput).not.toHaveProperty('apiKey')
  })

  it('keeps credentials and metadata unreadable in the database', async () => {
    const name = account()
    await connect({ apiKey: `key-${name}`, region: 'eu' })
    const row = await stored()
    const text = JSON.stringify(row) + Buffer.from(row?.credentials ?? []).toString('latin1')
    expect(text).not.toContain(`key-${name}`)
    expect(text).not.toContain(`token-of-${name}`)
    expect(row?.state).toBe('connected')
  })

  it('does not decrypt a row that was copied to another workspace', async () => {
    await connect({ apiKey: `key-${account()}`, region: 'eu' })
    const row = await stored()
    const other = await tests.platform.newActor(`copy${tests.number}`)
    await installApp(tests.platform.context, { workspaceId: other.workspaceId, ns: 'ledger' })
    await allWorkspaces(tests.platform.context.db.sql)
      .updateTable('install')
      .set({ state: 'connected', credentials: Buffer.from(row?.credentials ?? []) })
      .where('workspaceId', '=', other.workspaceId)
      .execute()
    await expect(findLiveInstall(tests.platform.context, keyOf(other))).rejects.toThrow()
  })

  it.each<[string, unknown, string, RegExp]>([
    ['a missing field', { region: 'eu' }, '/apiKey', /API key/],
    ['an unknown field', { apiKey: 'key-x', region: 'eu', admin: true }, '/admin', /admin/],
    ['an option that there is not', { apiKey: 'key-x', region: 'moon' }, '/region', /eu/],
  ])('refuses %s and names it', async (_name, credentials, path, message) => {
    const error = await refusal(connect(credentials))
    expect(error.code).toBe('VALIDATION_ERROR')
    const fields = error.details['fields'] as { path: string; message: string }[]
    expect(fields.find((field) => field.path === path)?.message).toMatch(message)
    expect(await stored()).toMatchObject({ state: 'installed', credentials: null, lastConnectError: null })
  })

  it('stores nothing when the provider refuses, tells its words without the key, and keeps the reason', async () => {
    const error = await refusal(connect({ apiKey: 'wrong-key-123456', region: 'eu' }))
    expect(error).toMatchObject({ code: 'TEST_FAILED', details: { status: 401 } })
    expect(error.message).toContain('is not known')
    expect(JSON.stringify([error.message, error.details])).not.toContain('wrong-key-123456')
    const row = await stored()
    expect(row).toMatchObject({
      state: 'installed',
      credentials: null,
      lastConnectError: { code: 'TEST_FAILED' },
    })
    expect(JSON.stringify(row?.lastConnectError)).not.toContain('wrong-key-123456')
  })

  it.each<[string, () => void]>([
    ['answers 401 to everything', () => tests.proxy.answer401()],
    ['cuts the connection', () => tests.proxy.cut(0)],
    ['answers HTML', () => tests.proxy.answerHtml()],
  ])('leaves an existing connection as it is when the provider %s', async (_name, fault) => {
    const name = account()
    await connect({ apiKey: `key-${name}`, region: 'eu' })
    const before = await stored()
    fault()
    await refusal(connect({ apiKey: `key-${name}-2`, region: 'us' }))
    const after = await stored()
    expect(after).toMatchObject({ state: 'connected', uid: `uid-${name}`, revision: before?.revision })
    expect(after?.credentials).toEqual(before?.credentials)
  })

  it('fails where userDetails names a uid and the provider gives none', async () => {
    const error = await refusal(connect({ apiKey: 'key-nobody', region: 'eu' }))
    expect(error.code).toBe('TEST_FAILED')
    expect(await stored()).toMatchObject({ state: 'installed', credentials: null })
  })

  it('keeps the stored value of an empty password field', async () => {
    const name = account()
    await connect({ apiKey: `key-${name}`, region: 'eu' })
    await connect({ apiKey: '', region: 'us' })
    const live = await findLiveInstall(tests.platform.context, keyOf(tests.actor))
    expect(live?.bags.credentials).toMatchObject({ apiKey: `key-${name}`, region: 'us' })
  })

  it('refuses an app that is not installed', async () => {
    await uninstall(tests.platform.context, keyOf(tests.actor))
    expect((await refusal(connect({ apiKey: 'key-x', region: 'eu' }))).code).toBe('NOT_FOUND')
  })
})

describe('the duplicate check', () => {
  it('refuses an account that another workspace has connected, until that lets go of it', async () => {
    const name = account()
    await connect({ apiKey: `key-${name}`, region: 'eu' })
    const other = await tests.platform.newActor(`dup${tests.number}`)
    await installApp(tests.platform.context, keyOf(other))
    const error = await refusal(connect({ apiKey: `key-${name}`, region: 'eu' }, other))
    expect(error.code).toBe('DUPLICATE_INTEGRATION')
    expect(await stored(other)).toMatchObject({
      state: 'installed',
      lastConnectError: { code: 'DUPLICATE_INTEGRATION' },
    })
    await disconnect(tests.platform.context, keyOf(tests.actor))
    await connect({ apiKey: `key-${name}`, region: 'eu' }, other)
    expect(await stored(other)).toMatchObject({ state: 'connected', uid: `uid-${name}` })
  })

  it('lets one of many workspaces win that connect the same account at once', async () => {
    const name = account()
    const others = await Promise.all(
      [1, 2, 3, 4].map(async (index) => {
        const other = await tests.platform.newActor(`race${tests.number}-${index}`)
        await installApp(tests.platform.context, keyOf(other))
        return other
      }),
    )
    const outcomes = await Promise.allSettled(
      others.map((other) => connect({ apiKey: `key-${name}`, region: 'eu' }, other)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected')
        expect(outcome.reason).toMatchObject({ code: 'DUPLICATE_INTEGRATION' })
    }
  })

  it('lets go of the old account when another one is connected', async () => {
    const [first, second] = [`${account()}-a`, `${account()}-b`]
    await connect({ apiKey: `key-${first}`, region: 'eu' })
    await connect({ apiKey: `key-${second}`, region: 'eu' })
    const other = await tests.platform.newActor(`freed${tests.number}`)
    await installApp(tests.platform.context, keyOf(other))
    await connect({ apiKey: `key-${first}`, region: 'eu' }, other)
    expect(await stored(other)).toMatchObject({ state: 'connected' })
  })

  it('is off for an app where the operator switched it off', async () => {
    await registerDefinition(
      tests.platform.context,
      ledgerDefinition({ ns: 'ledger-shared', name: 'ledger-shared', type: 'ledger-shared' }),
    )
    await tests.platform.context.db.sql
      .updateTable('app')
      .set({ duplicateCheck: false })
      .where('ns', '=', 'ledger-shared')
      .execute()
    const name = account()
    for (const who of [tests.actor, await tests.platform.newActor(`shared${tests.number}`)]) {
      const key = { workspaceId: who.workspaceId, ns: 'ledger-shared' }
      await installApp(tests.platform.context, key)
      await connectWithForm(tests.platform.context, {
        ...key,
        subdomain: who.subdomain,
        requestId: 'r',
        credentials: { apiKey: `key-${name}`, region: 'eu' },
      })
      expect(await findInstall(tests.platform.context.db.sql, key)).toMatchObject({ state: 'connected' })
    }
  })
})

describe('disconnect and uninstall', () => {
  it('disconnect deletes every bag and keeps the app', async () => {
    await connect({ apiKey: `key-${account()}`, region: 'eu' })
    await disconnect(tests.platform.context, keyOf(tests.actor))
    expect(await stored()).toMatchObject({
      state: 'installed',
      credentials: null,
      metadata: null,
      userInput: {},
      uid: null,
    })
    await disconnect(tests.platform.context, keyOf(tests.actor))
  })

  it('uninstall deletes the row; doing it again is not found', async () => {
    await connect({ apiKey: `key-${account()}`, region: 'eu' })
    await uninstall(tests.platform.context, keyOf(tests.actor))
    expect(await stored()).toBeUndefined()
    expect((await refusal(uninstall(tests.platform.context, keyOf(tests.actor)))).code).toBe('NOT_FOUND')
  })
})
