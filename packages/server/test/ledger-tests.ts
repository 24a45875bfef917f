import { afterAll, beforeAll, beforeEach } from 'vitest'
import type { Actor } from '../src/action/actor.ts'
import type { FaultProxy } from './fault-proxy.ts'
import { type LedgerPlatform, ledgerPlatform } from './ledger-platform.ts'

/** {@link LedgerPlatform} of a file of tests, and what each test begins with. */
export interface LedgerTests {
  platform: LedgerPlatform
  /** Passes everything through again; what it saw before the test is forgotten. */
  proxy: FaultProxy
  /** Somebody in a workspace of their own; tests may put another in this place. */
  actor: Actor
  /** Of the test, for names that no other uses. */
  number: number
}

/**
 * Opens one platform for the tests of a file and closes it after them.
 *
 * @param prepare what is done before each test with its actor; default: connects the account `{prefix}-{number}`
 * @returns filled in before the first test
 */
export function ledgerTests(
  prefix: string,
  prepare = ({ platform, actor, number }: LedgerTests) => platform.connect(actor, `${prefix}-${number}`),
): LedgerTests {
  const tests = { number: 0 } as LedgerTests
  beforeAll(async () => {
    tests.platform = await ledgerPlatform()
    tests.proxy = tests.platform.proxy
  })
  afterAll(() => tests.platform?.close())
  beforeEach(async () => {
    tests.proxy.passThrough()
    tests.number += 1
    tests.actor = await tests.platform.newActor(`${prefix}${tests.number}`)
    await prepare(tests)
    tests.proxy.requests.length = 0
  })
  return tests
}
