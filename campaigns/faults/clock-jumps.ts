/** The clock of the process jumps, while tokens, limits, caches and partitions are in use. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Answer } from './answer.ts'
import { type Fault, settle } from './fault.ts'
import { NS } from './provider.ts'
import { openSite, type Site } from './site.ts'

const DAY_MS = 86_400_000
/** Where the clock is put, in turn: a day ahead, back, a day behind, a year ahead, and right again. */
const SHIFTS_MS = [DAY_MS, 0, -DAY_MS, 366 * DAY_MS, 0]
const QUICK_SHIFTS_MS = [DAY_MS, -DAY_MS, 0]
const SEEN_POLL_MS = 50
/** Of one token, whose limit is used up before each jump. */
const LIMIT = 30
const WINDOW_MS = 60_000
const CALLS_PER_JUMP = 10

interface Options {
  data?: { miniAppsActionSources?: { value: string }[] }
}

async function readNumber(site: Site): Promise<string> {
  const { body } = await site.ask(`{ miniAppsActionSources(miniAppNs: "${NS}", sourceKey: "rpc_numbers") }`)
  return (JSON.parse(body) as Options).data?.miniAppsActionSources?.[0]?.value ?? body
}

/** What a refusal for the rate limit says about when to come back; 0 where the call went through. */
function waitOf({ kind, body }: Answer): number {
  if (kind === 'done') return 0
  return Number(/"retryAfterMs":(\d+)/.exec(body)?.[1] ?? Number.NaN)
}

export const clockJumps: Fault = {
  name: 'clockJumps',
  async run({ form, log }) {
    const directory = await mkdtemp(join(tmpdir(), 'miniapps-clock-'))
    const file = join(directory, 'shift')
    await writeFile(file, '0')
    const clock = join(import.meta.dirname, '../../packages/server/test/shifted-clock.mjs')
    const site = await openSite({ env: { NODE_OPTIONS: `--import ${clock}`, CLOCK_SHIFT_FILE: file } })
    const broken: string[] = []
    const answers: Answer[] = []
    try {
      const limited = site.nextToken()
      let shownBefore = await readNumber(site)
      for (const shiftMs of form === 'quick' ? QUICK_SHIFTS_MS : SHIFTS_MS) {
        const named = `at ${shiftMs / DAY_MS} days`
        await Promise.all(Array.from({ length: LIMIT + 1 }, () => site.execute('echo', limited)))
        await writeFile(file, String(shiftMs))
        while ((await readFile(`${file}.seen`, 'utf8').catch(() => '')) !== String(shiftMs))
          await sleep(SEEN_POLL_MS)
        const calls = await Promise.all(Array.from({ length: CALLS_PER_JUMP }, () => site.execute()))
        answers.push(...calls)
        const failed = calls.find(({ kind }) => kind !== 'done')
        if (failed) broken.push(`${named} an action failed: ${failed.body}`)
        const waitMs = waitOf(await site.execute('echo', limited))
        if (!(waitMs <= WINDOW_MS)) broken.push(`${named} the rate limit says to wait ${waitMs} ms`)
        const shown = await readNumber(site)
        if (shown === shownBefore) broken.push(`${named} the options of a dropdown stay what they were`)
        shownBefore = shown
        log(`${named}: next action in ${waitMs} ms`)
      }
      return await settle(site, { answers, broken })
    } finally {
      await site.close()
      await rm(directory, { recursive: true, force: true })
    }
  },
}
