/**
 * Campaign `sandbox`: hostile App Functions (`campaigns/sandbox/`) against a server as operators run it, and a hostile
 * workspace beside a neighbour in one sandbox.
 *
 * Of each function: it ends as it may, within its limits; nothing of the server's environment, of the connection's
 * credential or of the neighbour's arguments is in its result, its log or its run record; nothing reaches a listener on
 * loopback; the next call finds nothing of it; the server lives. Then killers run without a pause, and the neighbour's
 * calls are timed beside the same calls in the quiet.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fillDataDirectory } from '../packages/server/test/data-directory.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { type Canary, createCanary } from './sandbox/canary.ts'
import { ENGINE } from './sandbox/engine.ts'
import { CALLS_OUT, ESCAPES } from './sandbox/escapes.ts'
import { BUILT_INS, MEMORY, STACK, TIME } from './sandbox/exhaustion.ts'
import type { HostileFunction } from './sandbox/hostile-function.ts'
import { listenToNeighbour, measureDelays } from './sandbox/neighbour.ts'
import { POLLUTION } from './sandbox/pollution.ts'
import { sandboxPids, watchMemory } from './sandbox/processes.ts'
import { type AttackedServer, type Execution, startAttackedServer } from './sandbox/server-under-attack.ts'
import { openTrap, probeTrap } from './sandbox/trap.ts'

const KINDS = { ESCAPES, CALLS_OUT, POLLUTION, ENGINE, MEMORY, TIME, BUILT_INS, STACK }

/** `every`: of each kind, every so manieth function. */
const FORMS = {
  quick: { every: { fast: 12, slow: 60 }, passes: 1, roundMs: 400, rounds: 1 },
  default: { every: { fast: 1, slow: 1 }, passes: 1, roundMs: 8_000, rounds: 3 },
  long: { every: { fast: 1, slow: 1 }, passes: 5, roundMs: 20_000, rounds: 8 },
} as const

/** The limit, the grace in which an interrupted function tells its log, and what HTTP, database and a busy machine add. */
const MOST_MS = 2_000 + 100 + 1_500
const MOST_LOG_BYTES = 8 * 1024
const MOST_RESULT_BYTES = 1024 * 1024
/** WebAssembly 128 MiB, V8's heap for texts on their way in and out 256 MiB, Node itself. */
const MOST_CHILD_MIB = 512
const MOST_DELAY_MS = 100
const LEAST_FUNCTIONS = 80
/** Runnable processes a core, from which on others on the machine decide how long the slowest call takes. */
const BUSY_LOAD = 1
const MASTER_KEY = Buffer.alloc(32, 7).toString('base64')

function choose({ fast, slow }: { fast: number; slow: number }): HostileFunction[] {
  return Object.entries(KINDS).flatMap(([kind, functions]) => {
    const every = ['MEMORY', 'TIME', 'BUILT_INS'].includes(kind) ? slow : fast
    return functions.filter((_, index) => index % every === 0)
  })
}

interface Faults {
  escaped: string[]
  wrongEnds: string[]
  overLimit: string[]
  secretsSeen: string[]
  survived: string[]
}

interface AttackOptions {
  attacked: AttackedServer
  canaries: readonly Canary[]
  faults: Faults
  log: (line: string) => void
  /** Any function may end by its time: the machine does much else. */
  isPatient: boolean
}

async function attack(one: HostileFunction, options: AttackOptions): Promise<void> {
  const { attacked, canaries, faults, log } = options
  const run = await attacked.execute(one.name, 'x')
  const note = (kind: keyof Faults, what: string) => {
    faults[kind].push(one.name)
    log(`${kind}: ${one.name}: ${what}`)
  }
  const escaped = run.data.escaped
  if (Array.isArray(escaped) && escaped.length > 0) note('escaped', JSON.stringify(escaped))
  const ends: readonly string[] = options.isPatient ? [...one.ends, 'time'] : one.ends
  if (!ends.includes(run.ending)) {
    note('wrongEnds', `${run.ending} after ${Math.round(run.durationMs)} ms: ${run.seen.slice(0, 300)}`)
  }
  const over = overLimit(run)
  if (over) note('overLimit', over)
  if (canaries.some((canary) => canary.isIn(run.seen))) note('secretsSeen', 'in its result, log or record')
  const strange = await attacked.askWitness()
  if (strange !== undefined) note('survived', strange)
}

function overLimit(run: Execution): string | undefined {
  if (run.durationMs > MOST_MS) return `${Math.round(run.durationMs)} ms`
  if (run.logBytes > MOST_LOG_BYTES) return `${run.logBytes} bytes of log`
  if (run.resultBytes > MOST_RESULT_BYTES) return `${run.resultBytes} bytes of result`
  return undefined
}

/** As many at a time as one workspace gets processes, so that none waits. */
async function attackAll(functions: readonly HostileFunction[], options: AttackOptions): Promise<void> {
  const lanes = Math.max(1, availableParallelism() - 1)
  const left = [...functions]
  await Promise.all(
    Array.from({ length: lanes }, async () => {
      for (let one = left.shift(); one; one = left.shift()) {
        await attack(one, options)
        if (left.length % 20 === 0) options.log(`${left.length} of ${functions.length} functions left`)
      }
    }),
  )
}

async function attackServer({ form, seed, log }: MeasureOptions) {
  const functions = choose(FORMS[form].every)
  const environment = createCanary('environment', seed)
  const credential = createCanary('credential', seed)
  const faults: Faults = { escaped: [], wrongEnds: [], overLimit: [], secretsSeen: [], survived: [] }
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-sandbox-campaign-'))
  await fillDataDirectory(join(directory, 'data'))
  const trap = await openTrap()
  const attacked = await startAttackedServer({
    functions,
    port: trap.port,
    cwd: directory,
    env: {
      DATA_DIR: join(directory, 'data'),
      MASTER_KEY,
      SANDBOX_CANARY: environment.value,
      LOG_LEVEL: 'info',
    },
    credential: credential.value,
  })
  const { child } = attacked.server
  const memory = watchMemory(child.pid ?? 0)
  let leftBehind = 0
  try {
    for (let pass = 0; pass < FORMS[form].passes; pass++) {
      await attackAll(functions, {
        attacked,
        canaries: [environment, credential],
        faults,
        log,
        isPatient: form === 'quick',
      })
    }
  } finally {
    memory.stop()
    const deaths = child.exitCode !== null || child.signalCode !== null ? 1 : 0
    if (deaths > 0) log(attacked.server.output().slice(-2_000))
    const pids = sandboxPids(child.pid ?? 0)
    await attacked.close()
    leftBehind = pids.filter((pid) => isAlive(pid)).length
    trap.close()
    await rm(directory, { recursive: true, force: true })
  }
  const output = attacked.server.output()
  const inOutput = [environment, credential].filter((canary) => canary.isIn(output)).length
  const answered = child.exitCode === 0 && child.signalCode === null
  return {
    functions: functions.length,
    escaped: faults.escaped.length,
    wrongEnds: faults.wrongEnds.length,
    overLimit: faults.overLimit.length,
    secretsSeen: faults.secretsSeen.length + inOutput,
    survived: faults.survived.length,
    networkHits: trap.hits(),
    serverDeaths: answered ? 0 : 1,
    leftBehind,
    childPeakMiB: memory.peakMiB(),
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

export async function campaign(options: MeasureOptions): Promise<Measurement> {
  const { form, seed, log } = options
  const isBusy = (loadavg()[0] ?? 0) > BUSY_LOAD * availableParallelism()
  if (isBusy)
    log('the machine is busy with something else: the delay of the neighbour is printed, not judged')
  const probe = await probeTrap()
  log(`trap: ${probe.withoutLock} without the lock on the network, ${probe.withLock} behind "${probe.lock}"`)
  const attacked = await attackServer(options)
  log('a hostile workspace in the processes of a neighbour')
  const overheard = await listenToNeighbour(createCanary('neighbour', seed))
  const { roundMs, rounds } = FORMS[form]
  const sizes = [...new Set([2, Math.max(2, availableParallelism())])]
  const delays = []
  for (const processes of form === 'quick' ? [2] : sizes) {
    const delay = await measureDelays({ processes, roundMs, rounds })
    log(`${processes} processes: the neighbour's ${delay.calls} calls took up to ${delay.added} ms longer`)
    delays.push(delay)
  }
  const figures = {
    ...attacked,
    secretsSeen: attacked.secretsSeen + overheard.secrets.length,
    networkHits: attacked.networkHits + probe.withLock,
    trapHitsWithoutLock: probe.withoutLock,
    networkLock: probe.lock,
    pollutedHosts: overheard.polluted ? 1 : 0,
    neighbourWrong: overheard.wrong + delays.reduce((sum, { wrong }) => sum + wrong, 0),
    neighbourCalls: delays.reduce((sum, { calls }) => sum + calls, 0),
    neighbourDelayMs: Math.max(...delays.map(({ added }) => added)),
    neighbourP99DelayMs: Math.max(...delays.map(({ addedP99 }) => addedP99)),
    neighbourMedianDelayMs: Math.max(...delays.map(({ addedMedian }) => addedMedian)),
    cores: availableParallelism(),
    ...(isBusy && { neighbourDelayJudged: false }),
  }
  const none = { max: 0 }
  const targets = {
    ...(form !== 'quick' && { functions: { min: LEAST_FUNCTIONS } }),
    escaped: none,
    wrongEnds: none,
    overLimit: none,
    secretsSeen: none,
    survived: none,
    networkHits: none,
    serverDeaths: none,
    leftBehind: none,
    pollutedHosts: none,
    neighbourWrong: none,
    childPeakMiB: { max: MOST_CHILD_MIB },
    trapHitsWithoutLock: { min: 1 },
    neighbourMedianDelayMs: { max: MOST_DELAY_MS },
    ...(!isBusy && { neighbourDelayMs: { max: MOST_DELAY_MS } }),
  }
  return { ok: reached(figures, targets), figures, targets }
}

function reached(figures: Record<string, unknown>, targets: Measurement['targets']): boolean {
  return Object.entries(targets).every(([name, { min = -Infinity, max = Infinity }]) => {
    const figure = Number(figures[name])
    return figure >= min && figure <= max
  })
}
