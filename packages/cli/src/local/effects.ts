import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Effects } from 'miniapp'
import { createLocalFunctions } from './run-function.ts'
import { createLocalSend, type LocalSendSettings } from './send.ts'

export interface LocalEffects extends Effects {
  /** Ends connections and threads. */
  close(): Promise<void>
}

/** What the interpreter borrows from this machine. */
export function createLocalEffects(settings: LocalSendSettings): LocalEffects {
  const { send, originalUrl, close: closeSend } = createLocalSend(settings)
  const { runFunction, close: closeFunctions } = createLocalFunctions()
  return {
    send,
    originalUrl,
    runFunction,
    now: Date.now,
    random: Math.random,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    uuid: randomUUID,
    close: async () => {
      await Promise.all([closeSend(), closeFunctions()])
    },
  }
}
