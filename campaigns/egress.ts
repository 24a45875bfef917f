/**
 * Campaign `egress`: attacks on the outbound client, by addresses in all their spellings, names, redirects, definitions.
 * It runs in a network namespace of its own, in which every address leads to one server, the trap: whatever reaches it at an
 * address that requests may not reach is a hit.
 *
 * `trapHits` and `openHits` show that the attacks are real: a careless client carries them out, and so does our own with
 * its address guard opened.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import type { EgressFigures } from './egress/inner.ts'

/** With the guard on, every attack is tried so many times; without it once. */
const ROUNDS = { quick: 1, default: 5, long: 100 } as const
const MIN_ATTACKS = 100

/** The network is the namespace's, so root in it is enough. */
const asRoot = process.getuid?.() === 0 ? [] : ['--map-root-user']
const UNSHARE = ['--net', ...asRoot]

/** Why the campaign cannot run here; `undefined` where it can. */
export async function obstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux')
    return `it needs the network namespaces of Linux; this is ${process.platform}`
  const probe = ['ip -6 route add local ::/0 dev lo', 'openssl version'].join(' && ')
  const { status, stderr } = await run('unshare', [...UNSHARE, 'sh', '-c', `ip link set lo up && ${probe}`])
  if (status === 0) return undefined
  return `it needs unshare --net (util-linux), ip (iproute2), openssl and IPv6: ${stderr.trim() || 'unshare is missing'}`
}

async function run(command: string, args: string[], log?: (line: string) => void) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (text) => {
    output.stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
    for (const line of text.split('\n')) if (line !== '') log?.(line)
  })
  const status = await once(child, 'close').then(
    ([code]) => code as number | null,
    () => null,
  )
  return { status, ...output }
}

export async function campaign({ form, log }: MeasureOptions): Promise<Measurement> {
  const reason = await obstacle()
  if (reason !== undefined) return unable(`The campaign cannot run here: ${reason}.`, log)
  const inner = join(import.meta.dirname, 'egress/inner.ts')
  const args = [...UNSHARE, process.execPath, inner, String(ROUNDS[form])]
  const { status, stdout } = await run('unshare', args, log)
  if (status !== 0) return unable('The part of the campaign in its own network did not end well.', log)
  const figures = JSON.parse(stdout) as EgressFigures
  const { attacks, hits, trapMisses, openMisses } = figures
  return {
    ok: attacks >= MIN_ATTACKS && hits === 0 && trapMisses === 0 && openMisses === 0,
    figures: { ...figures },
    targets: {
      attacks: { min: MIN_ATTACKS },
      hits: { max: 0 },
      trapMisses: { max: 0 },
      openMisses: { max: 0 },
    },
  }
}

function unable(problem: string, log: (line: string) => void): Measurement {
  log(problem)
  return { ok: false, figures: { problem, attacks: 0 }, targets: { attacks: { min: MIN_ATTACKS } } }
}
