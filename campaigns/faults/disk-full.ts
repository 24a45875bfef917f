/** The disk is full under the embedded database, under PostgreSQL's data, and under its write-ahead log alone. */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type PostgresOptions,
  type PostgresServer,
  startPostgres,
} from '../../packages/server/test/postgres.ts'
import { type Fault, type FaultOptions, type Outcome, settle } from './fault.ts'
import { startLoad } from './load.ts'
import { openSite, type Site } from './site.ts'
import { mountSmallDisk, type SmallDisk, whyNoSmallDisk } from './small-disk.ts'

const FULL_MS = { quick: 2_000, default: 8_000, long: 30_000 } as const
const EMBEDDED_DISK_MB = 300
const POSTGRES_DISK_MB = 128
/** 3.6 MB that cannot be packed. */
const WIDE_ROW =
  "insert into ballast select string_agg(gen_random_uuid()::text, '') from generate_series(1, 100000)"
/** More than a segment of the log (16 MB) and the room beside it. */
const WIDE_ROWS = 20

/** What the server writes is little: another client of the same PostgreSQL uses up what room its files still have. */
async function writeWideRows(postgres: PostgresServer): Promise<void> {
  const rows = Array.from({ length: WIDE_ROWS }, () => WIDE_ROW)
  // There is no more room at one of them, as was wanted.
  await postgres.execute(['create table if not exists ballast (content text)', ...rows]).catch(() => {})
}

async function underFullDisk(
  { form, log }: FaultOptions,
  {
    site,
    disk,
    onFull,
    onFreed,
  }: { site: Site; disk: SmallDisk } & Partial<Record<'onFull' | 'onFreed', () => Promise<void>>>,
): Promise<Outcome> {
  const broken: string[] = []
  const load = startLoad(site)
  await sleep(500)
  disk.fill()
  await onFull?.()
  await sleep(FULL_MS[form])
  const alive = await site.health('/healthz')
  if (alive !== 200) broken.push(`/healthz answered ${alive} while the disk was full`)
  const answers = await load.stop()
  disk.free()
  await onFreed?.()
  const codes = [...new Set(answers.map(({ kind, code }) => `${kind} ${code}`))].join(', ')
  log(`${answers.length} answers: ${codes}`)
  if (!answers.some(({ kind }) => kind === 'clear')) broken.push('no call failed: the fault did not bite')
  return settle(site, { answers, broken })
}

export const diskFullEmbedded: Fault = {
  name: 'diskFullEmbedded',
  skips: whyNoSmallDisk,
  async run(options) {
    const disk = mountSmallDisk(EMBEDDED_DISK_MB)
    try {
      const site = await openSite({ dataDir: `${disk.directory}/data` })
      try {
        return await underFullDisk(options, { site, disk })
      } finally {
        await site.close()
      }
    } finally {
      disk.unmount()
    }
  },
}

async function runPostgres(
  options: FaultOptions,
  { megabytes, place }: { megabytes: number; place(directory: string): PostgresOptions },
): Promise<Outcome> {
  const disk = mountSmallDisk(megabytes)
  try {
    const postgres = await startPostgres(place(disk.directory))
    try {
      const site = await openSite({ databaseUrl: postgres.url })
      try {
        // Without room for its log PostgreSQL ends itself, and whoever looks after it starts it again.
        return await underFullDisk(options, {
          site,
          disk,
          onFull: () => writeWideRows(postgres),
          onFreed: () => postgres.restart(),
        })
      } finally {
        await site.close()
      }
    } finally {
      await postgres.stop()
    }
  } finally {
    disk.unmount()
  }
}

/** Small segments, so that a full disk is felt at once. */
const SMALL_LOG = { max_wal_size: '32MB', min_wal_size: '32MB', wal_recycle: 'off' }

export const diskFullPostgresData: Fault = {
  name: 'diskFullPostgresData',
  skips: whyNoSmallDisk,
  run: (options) =>
    runPostgres(options, {
      megabytes: POSTGRES_DISK_MB,
      place: (directory) => ({ dataIn: directory, logIn: '/tmp', settings: SMALL_LOG }),
    }),
}

export const diskFullPostgresLog: Fault = {
  name: 'diskFullPostgresLog',
  skips: whyNoSmallDisk,
  run: (options) =>
    runPostgres(options, {
      megabytes: POSTGRES_DISK_MB,
      place: (directory) => ({ logIn: directory, settings: SMALL_LOG }),
    }),
}
