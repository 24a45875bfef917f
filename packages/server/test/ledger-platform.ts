import type { Actor } from '../src/action/actor.ts'
import { connectWithForm } from '../src/install/connect.ts'
import { installApp } from '../src/install/install-app.ts'
import { registerDefinition } from '../src/registry/register.ts'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { LEDGER_ORIGIN, ledgerDefinition, startLedger } from './ledger-app.ts'
import type { LocalServer } from './local-server.ts'
import { type TestPlatform, testPlatform } from './platform.ts'

export interface LedgerPlatform extends TestPlatform {
  ledger: LocalServer
  /** Between the platform and the ledger. */
  proxy: FaultProxy
  /** Installs the ledger where it is not, and connects the account. */
  connect(actor: Actor, account: string): Promise<void>
}

/** The platform with the ledger registered, behind a proxy that misbehaves on command. */
export async function ledgerPlatform(): Promise<LedgerPlatform> {
  const ledger = await startLedger()
  const proxy = await startFaultProxy({ target: ledger.origin })
  const platform = await testPlatform({ [LEDGER_ORIGIN]: proxy.origin })
  const { context } = platform
  await registerDefinition(context, ledgerDefinition())
  return {
    ...platform,
    ledger,
    proxy,
    async connect({ workspaceId, subdomain }, account) {
      const key = { workspaceId, ns: 'ledger' }
      await installApp(context, key)
      const credentials = { apiKey: `key-${account}`, region: 'eu' }
      await connectWithForm(context, { ...key, subdomain, requestId: 'connect', credentials })
    },
    async close() {
      await platform.close()
      await proxy.close()
      await ledger.close()
    },
  }
}
