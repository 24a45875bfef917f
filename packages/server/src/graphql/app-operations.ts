/** Reading the marketplace (10b section 2.2). */

import { ApiError } from '../errors.ts'
import { noSuchApp } from '../install/install-app.ts'
import { type InstallStatus, listMarketplace, type MarketplaceApp } from '../marketplace/list-apps.ts'
import { MiniAppDetail, MiniAppGeneralInfo, MiniAppRegistry } from './app-types.ts'
import { builder } from './builder.ts'
import type { RequestContext } from './request-context.ts'

/** Rows; `miniApps` pages by `skip` and `limit`. */
const MAX_LIMIT = 100
const DEFAULT_LIMIT = 20

const INSTALL_STATUSES: readonly string[] = ['installed', 'not_installed'] satisfies InstallStatus[]

function readInstallStatus(value: string | null | undefined): InstallStatus | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (INSTALL_STATUSES.includes(value)) return value as InstallStatus
  throw new ApiError('BAD_USER_INPUT', `installStatus must be one of ${INSTALL_STATUSES.join(', ')}.`)
}

function visibleApps(
  { context, caller }: RequestContext,
  filter: { ns?: string; installStatus?: InstallStatus | undefined; search?: string | null | undefined },
): Promise<MarketplaceApp[]> {
  return listMarketplace(context, {
    workspaceId: caller.workspaceId,
    includePrivate: caller.can('operate'),
    ...(filter.ns !== undefined && { ns: filter.ns }),
    ...(filter.installStatus && { installStatus: filter.installStatus }),
    ...(filter.search && { search: filter.search }),
  })
}

/** @throws ApiError NOT_FOUND where there is no such app, or the workspace may not see it */
export async function visibleApp(request: RequestContext, ns: string): Promise<MarketplaceApp> {
  const [app] = await visibleApps(request, { ns })
  if (!app) throw noSuchApp(ns)
  return app
}

builder.queryField('listMiniAppsGeneralInfo', (t) =>
  t.field({
    type: [MiniAppGeneralInfo],
    permission: 'authenticated',
    description: 'The apps of the marketplace.',
    args: {
      installStatus: t.arg.string({ description: 'installed or not_installed; without it both.' }),
      search: t.arg.string({ description: 'Words in title, label, name or description.' }),
    },
    resolve: (_root, { installStatus, search }, request) =>
      visibleApps(request, { installStatus: readInstallStatus(installStatus), search }),
  }),
)

builder.queryField('miniAppGeneralInfo', (t) =>
  t.field({
    type: MiniAppGeneralInfo,
    permission: 'authenticated',
    description: 'One app of the marketplace.',
    args: { ns: t.arg.string() },
    resolve: (_root, { ns }, request) => {
      if (!ns) throw new ApiError('BAD_USER_INPUT', 'ns is missing: it names the app, for example "github".')
      return visibleApp(request, ns)
    },
  }),
)

builder.queryField('myMiniApps', (t) =>
  t.field({
    type: [MiniAppRegistry],
    permission: 'authenticated',
    description: 'The apps that this workspace has installed.',
    resolve: (_root, _args, request) => visibleApps(request, { installStatus: 'installed' }),
  }),
)

builder.queryField('miniAppGetConfigs', (t) =>
  t.field({
    type: 'JSON',
    permission: 'showMiniAppsConnections',
    description: 'The installed apps by ns, with version, state and connected account.',
    resolve: async (_root, _args, request) => {
      const apps = await visibleApps(request, { installStatus: 'installed' })
      return Object.fromEntries(
        apps.map(({ app, compiled, install }) => [
          app.ns,
          {
            version: compiled.version,
            state: install?.state ?? null,
            errorCode: install?.errorCode ?? null,
            accountName: install?.accountName ?? null,
          },
        ]),
      )
    },
  }),
)

builder.queryField('miniAppDetail', (t) =>
  t.field({
    type: MiniAppDetail,
    permission: 'showMiniAppsConnections',
    description: 'What an app does: its actions and its definition.',
    args: { miniAppNs: t.arg.string({ required: true }) },
    resolve: (_root, { miniAppNs }, request) => visibleApp(request, miniAppNs),
  }),
)

builder.queryField('miniApps', (t) =>
  t.field({
    type: ['JSON'],
    permission: 'authenticated',
    description: 'The apps of the marketplace in short, paged by skip and limit.',
    args: {
      search: t.arg.string(),
      skip: t.arg.int({ defaultValue: 0 }),
      limit: t.arg.int({ defaultValue: DEFAULT_LIMIT, description: `At most ${MAX_LIMIT}.` }),
    },
    resolve: async (_root, { search, skip, limit }, request) => {
      const [from, size] = [skip ?? 0, limit ?? DEFAULT_LIMIT]
      if (from < 0 || size < 1)
        throw new ApiError('BAD_USER_INPUT', 'skip must be at least 0 and limit at least 1.')
      const apps = await visibleApps(request, { search })
      return apps.slice(from, from + Math.min(size, MAX_LIMIT)).map(({ app, compiled }) => {
        const { title, label, shortDescription, category, icon, logo } = compiled.definition
        return { ns: app.ns, version: compiled.version, title, label, shortDescription, category, icon, logo }
      })
    },
  }),
)
