/** The part of the campaign `egress` that runs in a network of its own. Prints its figures as JSON. */
import { execFileSync } from 'node:child_process'
import { setDefaultCACertificates } from 'node:tls'
import type { OutgoingRequest } from 'miniapp'
import { createSend } from '../../packages/server/src/http/send.ts'
import { createAuthority } from '../../packages/server/test/certificates.ts'
import { ATTACKS, type Attack, NETWORK, via } from './attacks.ts'
import { sendCarelessly } from './careless-client.ts'
import { DEFINITION_ATTACKS, type DefinitionAttack } from './definition-attacks.ts'
import { runDefinition, urlsWithoutRules } from './run-definition.ts'
import { CANARY, startTrap, type Trap } from './trap.ts'

const EVERYTHING = ['0.0.0.0/0', '::/0']
const TIMEOUT_MS = 30_000

/** What a round counts. */
export interface EgressFigures {
  attacks: number
  /** Requests and runs with the guard on. */
  runs: number
  hits: number
  /** Attacks that a careless client carries out: the trap notices them. */
  trapHits: number
  /** Attacks that it should have carried out and did not. */
  trapMisses: number
  /** Attacks on addresses that arrive through our own client once the guard is opened. */
  openHits: number
  openMisses: number
}

/** Everything is here: no packet leaves, whatever its address. */
function routeEverythingHere(): void {
  const ip = (...args: string[]) => execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'inherit'] })
  ip('link', 'set', 'lo', 'up')
  ip('route', 'add', 'local', '0.0.0.0/0', 'dev', 'lo')
  ip('-6', 'route', 'add', 'local', '::/0', 'dev', 'lo')
}

function resolverOf(attack: Pick<Attack, 'zone'>) {
  const asked = new Map<string, number>()
  return async (hostname: string): Promise<readonly string[]> => {
    if (hostname === 'provider.test') return [NETWORK.provider]
    const answers = attack.zone?.[hostname]
    if (!answers) return [NETWORK.evil]
    const count = asked.get(hostname) ?? 0
    asked.set(hostname, count + 1)
    return answers[Math.min(count, answers.length - 1)] ?? []
  }
}

function requestOf(url: string, method: Attack['method'] = 'GET'): OutgoingRequest {
  return {
    method,
    url: `${url}${url.includes('append=key') ? `&key=${CANARY}` : ''}`,
    headers: { Authorization: `Bearer ${CANARY}`, 'X-Key': CANARY, Cookie: `s=${CANARY}` },
    credentialHeaders: ['authorization', 'x-key', 'cookie'],
    credentialQuery: ['key'],
    ...(method === 'POST' && { body: `{"key":"${CANARY}"}` }),
  }
}

/** @param allowPrivateNetworks empty: the guard is on */
async function sendAttack(attack: Attack, allowPrivateNetworks: readonly string[]): Promise<void> {
  const egress = createSend({ allowPrivateNetworks, providerOrigins: new Map(), resolve: resolverOf(attack) })
  const own = URL.parse(attack.urls[0] ?? '')?.hostname ?? ''
  const allowedHosts = attack.declared ?? [own, 'provider.test', '*.rebind.test', 'rebind.test']
  for (const url of attack.urls) {
    await egress.send(requestOf(url, attack.method), { timeoutMs: TIMEOUT_MS, allowedHosts }).catch(() => {})
  }
  await egress.close()
}

async function sendDefinition(attack: DefinitionAttack & Pick<Attack, 'zone'>): Promise<void> {
  const egress = createSend({
    allowPrivateNetworks: [],
    providerOrigins: new Map(),
    resolve: resolverOf(attack),
  })
  await runDefinition(attack, egress.send).catch(() => {})
  await egress.close()
}

/**
 * Each direct attack once more, its origin being what a tenant stored. Not those on undeclared hosts: what is stored as an
 * origin is declared by that.
 */
function throughDefinitions(attacks: readonly Attack[]): (DefinitionAttack & Pick<Attack, 'zone'>)[] {
  return attacks.flatMap(({ name, urls, zone, declared }) => {
    const [url = ''] = urls
    const [origin] = /^[a-z]+:\/\/[^/]+/i.exec(url) ?? []
    if (declared || urls.length > 1 || origin === undefined || url.includes('/to?')) return []
    return {
      name: `${name}, as a stored origin`,
      url: '{{origin}}/',
      userInput: { origin },
      ...(zone && { zone }),
    }
  })
}

async function main(rounds: number): Promise<EgressFigures> {
  routeEverythingHere()
  const authority = createAuthority()
  setDefaultCACertificates([authority.cert])
  const names = ['provider.test', 'evil.test', 'rebind.test', '*.rebind.test'].map((name) => `DNS:${name}`)
  const trap = await startTrap(authority.issue(names))
  await checkInnocent(trap)
  const stored = throughDefinitions(ATTACKS)
  const figures: EgressFigures = {
    attacks: ATTACKS.length + DEFINITION_ATTACKS.length,
    runs: 0,
    hits: 0,
    trapHits: 0,
    trapMisses: 0,
    openHits: 0,
    openMisses: 0,
  }
  for (let round = 1; round <= rounds; round++) {
    for (const attack of ATTACKS) {
      await guarded(trap, figures, attack, () => sendAttack(attack, []))
    }
    for (const attack of DEFINITION_ATTACKS)
      await guarded(trap, figures, attack, () => sendDefinition(attack))
    for (const attack of stored) {
      await guarded(trap, figures, attack, () => sendDefinition(attack))
    }
    process.stderr.write(`round ${round} of ${rounds} with the guard on: ${figures.hits} hits\n`)
  }
  await controls(trap, figures)
  await trap.close()
  return figures
}

/** @throws Error where what is allowed does not arrive: then nothing that does not arrive says anything */
async function checkInnocent(trap: Trap): Promise<void> {
  const egress = createSend({ allowPrivateNetworks: [], providerOrigins: new Map(), resolve: resolverOf({}) })
  for (const url of ['https://provider.test/', 'https://provider.test:8443/', via('https://evil.test/')]) {
    const { body } = await egress.send(requestOf(url), {
      timeoutMs: TIMEOUT_MS,
      allowedHosts: ['provider.test'],
    })
    if (!Buffer.from(body).includes('inside')) throw new Error(`${url} was answered by somebody else`)
  }
  await egress.close()
  const hits = await trap.hits({ mayReachEvil: true })
  if (hits.length > 0) throw new Error(`What is allowed counts as a hit: ${hits.join(', ')}`)
}

async function guarded(
  trap: Trap,
  figures: EgressFigures,
  attack: { name: string; mayReachEvil?: true },
  run: () => Promise<void>,
): Promise<void> {
  trap.reset()
  await run()
  figures.runs += 1
  const hits = await trap.hits({ mayReachEvil: attack.mayReachEvil ?? false })
  for (const hit of hits) process.stderr.write(`HIT: ${attack.name}: ${hit}\n`)
  figures.hits += hits.length
}

/** Shows that each attack is one: with nothing in between it arrives, and so it does through our client with the guard off. */
async function controls(trap: Trap, figures: EgressFigures): Promise<void> {
  const arrives = async (
    name: string,
    count: 'trap' | 'open',
    mayReachEvil: boolean,
    run: () => Promise<void>,
  ) => {
    trap.reset()
    await run()
    const hit = (await trap.hits({ mayReachEvil })).length > 0
    figures[hit ? (`${count}Hits` as const) : (`${count}Misses` as const)] += 1
    if (!hit) process.stderr.write(`the trap noticed nothing (${count}): ${name}\n`)
  }
  for (const attack of ATTACKS.filter(({ unreachable }) => unreachable === undefined)) {
    const mayReachEvil = attack.mayReachEvil ?? false
    await arrives(attack.name, 'trap', mayReachEvil, async () => {
      const resolve = resolverOf(attack)
      for (const url of attack.urls) await sendCarelessly(requestOf(url, attack.method), resolve)
    })
    if (attack.kind === 'rule') continue
    await arrives(attack.name, 'open', mayReachEvil, () => sendAttack(attack, EVERYTHING))
  }
  for (const attack of DEFINITION_ATTACKS) {
    await arrives(attack.name, 'trap', false, async () => {
      for (const url of urlsWithoutRules(attack)) await sendCarelessly(requestOf(url), resolverOf({}))
    })
  }
}

process.stdout.write(`${JSON.stringify(await main(Number(process.argv[2] ?? 1)))}\n`)
