/** Breaks one seeded fault (`faults/*.json`) for real, and reads what the platform says about it. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { sql } from 'kysely'
import { applyChange } from '../../miniapp/src/explanation.ts'
import type { Actor } from '../src/action/actor.ts'
import { executeAction } from '../src/action/execute.ts'
import { loadOptions } from '../src/action/load-options.ts'
import type { Context } from '../src/context.ts'
import { isRetryable } from '../src/db/error.ts'
import { publicError } from '../src/errors.ts'
import { createSend } from '../src/http/send.ts'
import { connectWithForm } from '../src/install/connect.ts'
import { installApp } from '../src/install/install-app.ts'
import { createBudget } from '../src/limit/budget.ts'
import { silentLog } from '../src/log.ts'
import { registerDefinition } from '../src/registry/register.ts'
import { createSandbox } from '../src/sandbox/run-function.ts'
import { allWorkspaces } from './all-workspaces.ts'
import { type Certificate, createAuthority } from './certificates.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import {
  LEDGER_ORIGIN,
  type Ledger,
  ledgerDefinition,
  refreshingLedgerDefinition,
  startLedger,
} from './ledger-app.ts'
import { type TestPlatform, testPlatform } from './platform.ts'

export interface Fault {
  name: string
  app?: 'ledger' | 'refreshing'
  change?: Record<string, unknown>
  connection?: 'none' | 'absent'
  form?: Record<string, unknown>
  before?: (keyof typeof BEFORE)[]
  provider?: Misbehaviour
  run:
    | { action: string; input: unknown; times?: number; deadlineMs?: number }
    | { source: string; params?: Record<string, unknown> }
    | { connect: Record<string, unknown> }
  expect: { party: string; next: string[] }
}

interface Misbehaviour {
  path?: string
  answer?: { status: number; headers?: Record<string, string>; json?: unknown; body?: string }
  cut?: number
  delay?: number
  html?: boolean
  huge?: number
}

/** What the platform answers about a fault. */
export interface Told {
  code: string
  message: string
  explanation?: { party: string; what: string; next: string }
}

/** A platform with the providers of `faults/README.md`. */
export interface FaultPlatform extends TestPlatform {
  ledger: Ledger
  proxy: FaultProxy
}

/** A test machine's certificate authority, to be made known for as long as the test runs. */
export const authority = createAuthority()

export async function faultPlatform(): Promise<FaultPlatform> {
  const ledger = await startLedger()
  const proxy = await startFaultProxy({ target: ledger.origin })
  const untrusted = await serve(createAuthority().issue(['IP:127.0.0.1']))
  const expired = await serve(authority.issue(['IP:127.0.0.1'], -1))
  const closed = await startFaultProxy({ target: ledger.origin })
  await closed.close()
  const platform = await testPlatform(
    {
      [LEDGER_ORIGIN]: proxy.origin,
      'https://down.example': closed.origin,
      'https://untrusted.example': untrusted.origin,
      'https://expired.example': expired.origin,
    },
    { resolve },
  )
  const sandbox = await createSandbox({ log: silentLog, size: 2 })
  return {
    ...platform,
    // Time-outs are real, so the run's own clock has to be, and the limit of functions.
    context: { ...platform.context, sandbox, now: Date.now },
    ledger,
    proxy,
    async close() {
      await platform.close()
      await sandbox.close()
      await proxy.close()
      await ledger.close()
      untrusted.server.close()
      expired.server.close()
    },
  }
}

async function serve(certificate: Certificate): Promise<{ origin: string; server: Server }> {
  const server = createServer(certificate, (_request, response) => void response.end('{}'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { origin: `https://127.0.0.1:${(server.address() as AddressInfo).port}`, server }
}

async function resolve(hostname: string): Promise<string[]> {
  if (hostname.endsWith('.inside.example')) return ['10.0.0.5']
  const code = hostname.endsWith('.unsure.example') ? 'EAI_AGAIN' : 'ENOTFOUND'
  throw Object.assign(new Error(`getaddrinfo ${code} ${hostname}`), { code })
}

let count = 0

/** @param platform one of the fault's own where it destroys something (`isDestructive`) */
export async function breakAndRun(platform: FaultPlatform, fault: Fault): Promise<Told> {
  const number = ++count
  const ns = `fault-${number}`
  const actor = await platform.newActor(`w${number}`)
  const app = fault.app === 'refreshing' ? refreshingLedgerDefinition(ns) : ledgerDefinition(identity(ns))
  platform.proxy.passThrough()
  await registerDefinition(platform.context, applyChange(app, fault.change ?? {}))
  const scene: Scene = { platform, context: platform.context, actor, ns, account: `w${number}`, fault }
  if (fault.connection !== 'absent') {
    await installApp(platform.context, { workspaceId: actor.workspaceId, ns })
    if (fault.connection !== 'none') await connect(scene, actor, { apiKey: `key-w${number}`, ...fault.form })
  }
  for (const name of fault.before ?? []) scene.context = (await BEFORE[name](scene)) ?? scene.context
  if (fault.provider) misbehave(platform.proxy, fault.provider)
  return run(scene)
}

const identity = (ns: string) => ({ ns, name: ns, type: ns })

interface Scene {
  platform: FaultPlatform
  /** What the run is made with. */
  context: Context
  actor: Actor
  ns: string
  account: string
  fault: Fault
}

function connect({ context, ns }: Scene, actor: Actor, credentials: Record<string, unknown>) {
  const { workspaceId, subdomain } = actor
  const submitted = { region: 'eu', ...credentials }
  return connectWithForm(context, { workspaceId, subdomain, ns, requestId: 'r', credentials: submitted })
}

function misbehave(proxy: FaultProxy, { path, answer, cut, delay, html, huge }: Misbehaviour): void {
  const to = proxy.only(new RegExp(path ?? ''))
  if (cut !== undefined) to.cut(cut)
  else if (delay !== undefined) to.delay(delay)
  else if (html) to.answerHtml()
  else if (huge !== undefined) to.answerHuge(huge)
  else if (answer) {
    const { status, headers, json, body = JSON.stringify(json) } = answer
    const type: Record<string, string> = json === undefined ? {} : { 'Content-Type': 'application/json' }
    to.answer(status, { headers: { ...type, ...headers }, ...(body !== undefined && { body }) })
  }
}

/** What happens before the run. What is answered takes the place of the platform's context. */
const BEFORE = {
  'revoke grants': ({ platform }: Scene) => platform.ledger.grants.revokeGrants(),
  'expire tokens': ({ platform }: Scene) => platform.ledger.grants.expireTokens(),
  'run once': async (scene: Scene) => void (await run(scene)),
  'another workspace connects': async (scene: Scene) => {
    const other = await scene.platform.newActor(`${scene.account}-other`)
    await installApp(scene.context, { workspaceId: other.workspaceId, ns: scene.ns })
    await connect(scene, other, { apiKey: 'key-taken' })
  },
  'take away the run records': async ({ context }: Scene) => {
    await sql`drop table action_run`.execute(allWorkspaces(context.db.sql))
  },
  'close the database': ({ context }: Scene) => context.db.close(),
  'close the sandbox': async ({ context }: Scene) => {
    const sandbox = await createSandbox({ log: silentLog, size: 2 })
    await sandbox.close()
    return { ...context, sandbox }
  },
  'close the outbound client': async ({ context }: Scene) => {
    const outbound = createSend({ allowPrivateNetworks: [], providerOrigins: new Map() })
    await outbound.close()
    const { send } = outbound
    return { ...context, send, budget: createBudget({ db: context.db, send, log: silentLog }) }
  },
  'spoil the stored credentials': async ({ context, actor }: Scene) => {
    await context.db.sql
      .updateTable('install')
      .set({ credentials: Buffer.from('spoilt') })
      .where('workspaceId', '=', actor.workspaceId)
      .execute()
    return { ...context }
  },
} as const satisfies Record<string, (scene: Scene) => unknown>

const DESTRUCTIVE: readonly string[] = [
  'take away the run records',
  'close the database',
] satisfies (keyof typeof BEFORE)[]

/** Whether the platform is of no use afterwards. */
export const isDestructive = ({ before = [] }: Fault) => before.some((name) => DESTRUCTIVE.includes(name))

async function run({ context, actor, ns, fault }: Scene): Promise<Told> {
  const call = fault.run
  const requestId = 'request-1'
  try {
    if ('action' in call) {
      const { action: actionName, input: formInput, times = 1, deadlineMs } = call
      const execution = {
        actor,
        appNs: ns,
        actionName,
        formInput,
        requestId,
        ...(deadlineMs && { deadlineMs }),
      }
      for (let time = 1; time < times; time += 1) await executeAction(context, execution)
      return toldBy((await executeAction(context, execution)).error)
    }
    if ('source' in call) {
      await loadOptions(context, {
        actor,
        miniAppNs: ns,
        sourceKey: call.source,
        params: call.params ?? {},
        requestId,
      })
    } else {
      const { workspaceId, subdomain } = actor
      await connectWithForm(context, { workspaceId, subdomain, ns, requestId, credentials: call.connect })
    }
  } catch (error) {
    return toldBy(publicError(error, isRetryable))
  }
  return toldBy(null)
}

function toldBy(error: { code: string; message: string; details: Record<string, unknown> } | null): Told {
  if (!error) return { code: 'none', message: 'It did not fail.' }
  const { code, message, details } = error
  return {
    code,
    message,
    ...(details['explanation'] !== undefined && { explanation: details['explanation'] as never }),
  }
}
