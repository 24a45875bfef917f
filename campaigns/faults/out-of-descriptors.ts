/** The process may open nothing more: no connection to it or from it, no file, no child process. */
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { Pool } from 'undici'
import { type Answer, judge } from './answer.ts'
import { type Fault, settle } from './fault.ts'
import { NS } from './provider.ts'
import { openSite } from './site.ts'

const CALLS = 40
const NEW_CONNECTIONS = 100

const prlimit = (pid: number, limits: string) =>
  execFileSync('prlimit', ['--pid', String(pid), `--nofile=${limits}`], { stdio: 'pipe' })

function whyNoLimit(): string | undefined {
  try {
    execFileSync('prlimit', ['--version'], { stdio: 'pipe' })
    return undefined
  } catch {
    return 'prlimit is not installed: apt-get install util-linux'
  }
}

/** Calls over one connection that was open before. */
async function overOpenConnection(pool: Pool, token: string): Promise<Answer> {
  const startedAt = performance.now()
  const query = `mutation { executeMiniAppAction(appNs: "${NS}", actionName: "echo", formInput: { text: "x" }) }`
  try {
    const answer = await pool.request({
      method: 'POST',
      path: '/graphql',
      headers: { 'content-type': 'application/json', 'x-app-token': token },
      body: JSON.stringify({ query }),
    })
    const body = await answer.body.text()
    const reply = { status: answer.statusCode, body, ms: Math.round(performance.now() - startedAt) }
    return judge(reply, (data) => data.executeMiniAppAction)
  } catch (error) {
    return judge({ status: 0, body: String(error), ms: Math.round(performance.now() - startedAt) })
  }
}

export const outOfDescriptors: Fault = {
  name: 'outOfDescriptors',
  skips: whyNoLimit,
  async run({ log }) {
    const site = await openSite()
    const broken: string[] = []
    const pool = new Pool(site.url, { connections: 1, keepAliveTimeout: 60_000 })
    try {
      await overOpenConnection(pool, site.nextToken())
      const hard = /Max open files\s+\d+\s+(\d+)/.exec(readFileSync(`/proc/${site.pid}/limits`, 'utf8'))?.[1]
      const open = readdirSync(`/proc/${site.pid}/fd`).length
      prlimit(site.pid, `${open}:${hard}`)
      const answers: Answer[] = []
      for (let index = 0; index < CALLS; index++)
        answers.push(await overOpenConnection(pool, site.nextToken()))
      const fresh = await Promise.all(Array.from({ length: NEW_CONNECTIONS }, () => site.execute()))
      answers.push(...fresh)
      const kinds = new Map<string, number>()
      for (const { kind, code } of answers)
        kinds.set(`${kind} ${code}`, (kinds.get(`${kind} ${code}`) ?? 0) + 1)
      log([...kinds].map(([kind, count]) => `${count} ${kind}`).join(', '))
      if (fresh.every(({ kind }) => kind === 'done')) broken.push('no call failed: the fault did not bite')
      prlimit(site.pid, `${hard}:${hard}`)
      return await settle(site, { answers, broken })
    } finally {
      await pool.destroy()
      await site.close()
    }
  },
}
