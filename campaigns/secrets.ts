/**
 * Campaign `secrets`: canary credentials stand everywhere a secret can stand, a provider echoes them in every way, and every
 * error path is provoked on a real server. Then its logs, all that it answered and every row of its database are searched for
 * them, in plain and encoded. A control that is no secret travels with them: where it is not found, the search is blind.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fillDataDirectory } from '../packages/server/test/data-directory.ts'
import { startPostgres } from '../packages/server/test/postgres.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'
import { type Canary, makeValue, makeWord, search } from './secrets/canaries.ts'
import { ORIGIN } from './secrets/definitions.ts'
import { startEchoProvider } from './secrets/echo-provider.ts'
import { PATHS, type Path, TAMPERED_PATHS, tamper } from './secrets/paths.ts'
import { WatchedPlatform } from './secrets/platform.ts'

/** Every so-manieth path of the list; all kinds of paths are met in each form. */
const STRIDE = { quick: 90, default: 4, long: 1 } as const
/** Times that the list is walked. */
const ROUNDS = { quick: 1, default: 1, long: 1 } as const
/** Hits that are told one by one. */
const TOLD_HITS = 40
const MIN_CONTROL_FORMS = 5
/** In which the control is echoed in every form; in each walk. */
const EVERY_FORM = '/echo every-form'

/** Deterministic places in the list, another for each seed. */
const chosen = (form: MeasureOptions['form'], seed: number): Path[] =>
  Array.from({ length: ROUNDS[form] }, () =>
    PATHS.filter(({ name }, index) => (index + seed) % STRIDE[form] === 0 || name === EVERY_FORM),
  ).flat()

const RUN_IDS = '{ miniAppActionRuns(first: 100) { data { _id } } }'
const READS = [
  '{ notifications { data { kind title message } } }',
  '{ apps { data { accessToken name } } }',
  '{ listMiniAppsGeneralInfo { ns auth { accountName userInput lastConnectError form } } }',
]

/** What is told to somebody who looks afterwards. */
async function readBack(platform: WatchedPlatform): Promise<void> {
  for (const query of READS) await platform.call('read back', query)
  const { data } = await platform.call('runs', RUN_IDS)
  const { data: runs } = data['miniAppActionRuns'] as { data: { _id: string }[] }
  for (const { _id } of runs) {
    await platform.call('run', 'query ($id: String!) { miniAppActionRun(_id: $id) { errorCode record } }', {
      id: _id,
    })
  }
  for (const path of [
    '/healthz',
    '/readyz',
    '/metrics',
    '/graphql',
    '/miniapp.schema.json',
    '/public-api.graphql',
  ])
    await platform.visit('open page', `${platform.url}${path}`)
}

async function walk(
  platform: WatchedPlatform,
  paths: readonly Path[],
  log: (line: string) => void,
): Promise<void> {
  await platform.start()
  await platform.furnish()
  for (const [index, path] of paths.entries()) {
    const before = platform.provider.misbehaved
    await path.provoke(platform).catch((error: unknown) => {
      throw new Error(`The path "${path.name}" could not be provoked.`, { cause: error })
    })
    if (path.misbehaves && platform.provider.misbehaved === before) platform.unreached.push(path.name)
    if ((index + 1) % 100 === 0) log(`${index + 1} of ${paths.length} paths provoked`)
  }
  await readBack(platform)
  await platform.stop()
  await platform.dump()
  await tamper(platform)
  platform.provider.misbehave('', 'good')
  await platform.start()
  for (const path of TAMPERED_PATHS) await path.provoke(platform)
  await platform.stop()
  await platform.dump()
}

const MASTER_KEYS: Record<string, (key: string) => string> = {
  'a cut key': (key) => key.slice(0, 40),
  'the key twice': (key) => `${key} ${key}`,
  'another key': () => Buffer.alloc(32, 5).toString('base64'),
}

export async function campaign({ form, seed, log }: MeasureOptions): Promise<Measurement> {
  const directory = await mkdtemp(join(tmpdir(), 'miniapps-secrets-'))
  const postgres = form === 'quick' ? undefined : await startPostgres()
  const typed = {
    apiKey: makeValue('apiKey'),
    pin: makeWord('Pin'),
    client_secret: makeValue('client_secret'),
  }
  const masterKey = Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 7 + 11) % 256)).toString(
    'base64',
  )
  const planted: Canary[] = [
    ...Object.entries(typed).map(([name, value]) => ({ name, value, allowed: [] })),
    { name: 'master key', value: masterKey, allowed: [] },
  ]
  const provider = await startEchoProvider(planted)
  const env: Record<string, string> = {
    DATA_DIR: join(directory, 'data'),
    LOG_LEVEL: 'debug',
    MASTER_KEY: masterKey,
    PROVIDER_ORIGINS: `${ORIGIN}=${provider.origin}`,
    ...(postgres && { DATABASE_URL: postgres.url }),
  }
  if (!postgres) await fillDataDirectory(join(directory, 'data'))
  const platform = new WatchedPlatform({ env, cwd: directory, provider, typed })
  const paths = chosen(form, seed)
  // Each costs a start.
  const masterKeys = Object.entries(MASTER_KEYS).slice(0, form === 'quick' ? 1 : undefined)
  try {
    await walk(platform, paths, log)
    for (const [name, change] of masterKeys) {
      await platform.start({ MASTER_KEY: change(masterKey) }).then(
        () => Promise.reject(new Error(`The server started with ${name}.`)),
        () => {},
      )
    }
  } finally {
    await platform.stop()
    await provider.close()
    await postgres?.stop()
    await rm(directory, { recursive: true, force: true })
  }
  return judge(platform, {
    log,
    paths: paths.length + TAMPERED_PATHS.length + masterKeys.length,
  })
}

function judge(
  platform: WatchedPlatform,
  { log, paths }: { log: MeasureOptions['log']; paths: number },
): Measurement {
  const { canaries, control } = platform.provider
  const { surfaces } = platform
  const hits = search(canaries, surfaces)
  for (const hit of hits.slice(0, TOLD_HITS)) log(`leak: ${JSON.stringify(hit)}`)
  for (const name of platform.unreached) log(`the provider was not asked: ${name}`)
  const controls = search([control], surfaces)
  const controlForms = new Set(controls.map(({ form }) => form)).size
  const figures = {
    canaries: canaries.length,
    paths,
    hits: hits.length,
    controlHits: controls.length,
    controlForms,
    unreached: platform.unreached.length,
    surfaces: surfaces.length,
    searchedCharacters: surfaces.reduce((sum, { text }) => sum + text.length, 0),
  }
  const targets = {
    hits: { max: 0 },
    unreached: { max: 0 },
    controlHits: { min: 10 },
    controlForms: { min: MIN_CONTROL_FORMS },
  }
  const ok =
    hits.length + platform.unreached.length === 0 &&
    controls.length >= 10 &&
    controlForms >= MIN_CONTROL_FORMS
  return { ok, figures, targets }
}
