/** The server as an explicit list: what is opened, what is prepared, which routes answer, in this order. */
import { type FastifyInstance, fastify, type RouteOptions } from 'fastify'
import { workspaceUrl } from './account/address.ts'
import { ensureDefaultWorkspace } from './account/default-workspace.ts'
import { makeOwnerLink, needsOwnerLink } from './account/login-link.ts'
import { loginRoutes } from './account/login-route.ts'
import { registerRequestIds } from './account/request-id.ts'
import { discardRefusedBodies } from './app/discard-body.ts'
import { fallbackRoutes, refuseAddress } from './app/fallback-route.ts'
import { healthRoutes } from './app/health-route.ts'
import { connectionOptions } from './app/limits.ts'
import { startMaintenance } from './app/maintenance.ts'
import type { Metrics } from './app/metrics.ts'
import { metricsRoute } from './app/metrics-route.ts'
import { openContext } from './app/open-context.ts'
import { refuseRequest } from './app/refuse-request.ts'
import { schemaRoute } from './app/schema-route.ts'
import type { Config } from './config.ts'
import type { Context } from './context.ts'
import { graphqlRoutes } from './graphql/route.ts'
import { startBackgroundRefresh } from './install/background-refresh.ts'
import { followPublishedVersion } from './install/follow-version.ts'
import { watchInstalls } from './install/live-install.ts'
import { startResumingRegistrations } from './install/resume-registrations.ts'
import type { Log } from './log.ts'
import { startDelivering } from './notify/deliver.ts'
import { eventsRoute } from './notify/events-route.ts'
import { followAnnouncements } from './notify/live.ts'
import { oauthRoutes } from './oauth/route.ts'
import { exportRoutes } from './record/export-route.ts'
import { seedCatalog } from './registry/seed-catalog.ts'
import { startProcessing } from './webhook/process.ts'
import { webhookRoutes } from './webhook/route.ts'

export interface App {
  context: Context
  /** Where the server listens, for example `http://127.0.0.1:4000`. */
  listeningOn: string
  /** Public address of the default workspace's API. */
  apiUrl: string
  /** One-time sign-in link of the default workspace's owner, while nobody has used one. */
  ownerLink: string | undefined
  /** Stops accepting, finishes what is under way and closes everything. */
  close: () => Promise<void>
}

/**
 * Starts a server.
 * @param options.catalogDir directory of first-party definitions (`<ns>/miniapp.json`) to register at start
 * @throws Error with a text for the operator; nothing is left open then
 */
export async function startApp(
  config: Config,
  log: Log,
  options: { catalogDir?: string } = {},
): Promise<App> {
  const { context, metrics, close: closeContext } = await openContext(config, log)
  const closers = [closeContext]
  const close = async () => {
    for (const closer of closers.splice(0).reverse()) await closer()
  }
  try {
    closers.push(await startMaintenance(context, { repeat: config.role !== 'api' }))
    closers.push(await watchInstalls(context))
    closers.push(await context.budget.watch())
    if (config.role !== 'worker') closers.push(await followAnnouncements(context))
    const workspace = await ensureDefaultWorkspace(context)
    if (options.catalogDir !== undefined) {
      const registered = await seedCatalog(context, options.catalogDir)
      for (const { ns } of registered) await followPublishedVersion(context, ns)
    }
    const server = createServer(context, { metrics })
    closers.push(() => server.close())
    const listeningOn = await server.listen({ port: config.port, host: config.host })
    if (config.port === 0) nameTakenPort(context, listeningOn)
    if (config.role !== 'api') {
      closers.push(startResumingRegistrations(context))
      closers.push(startBackgroundRefresh(context))
      closers.push(await startProcessing(context))
      closers.push(startDelivering(context))
    }
    const ownerLink =
      config.role !== 'worker' && (await needsOwnerLink(context, workspace.id))
        ? await makeOwnerLink(context, workspace.id)
        : undefined
    return {
      context,
      listeningOn,
      apiUrl: workspaceUrl(context.config, workspace.subdomain),
      ownerLink,
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** With `PORT=0` the default public address can be told only now. */
function nameTakenPort(context: Context, listeningOn: string): void {
  const saasApiUrl = context.config.saasApiUrl.replace(/:0$/, `:${new URL(listeningOn).port}`)
  context.config = { ...context.config, saasApiUrl }
}

/** @param parts.watch is told of every route */
export function createServer(
  context: Context,
  { metrics, watch }: { metrics: Metrics; watch?: (route: RouteOptions) => void },
): FastifyInstance {
  const { trustedProxies } = context.config
  const server = fastify({
    logger: false,
    trustProxy: trustedProxies.length > 0 ? trustedProxies : false,
    ...connectionOptions(),
    forceCloseConnections: 'idle',
    frameworkErrors: refuseAddress,
    clientErrorHandler: refuseRequest,
  })
  if (watch) server.addHook('onRoute', watch)
  registerRequestIds(server, context.config)
  discardRefusedBodies(server)
  fallbackRoutes(server, context)
  metrics.watchRequests(server)
  healthRoutes(server, context)
  metricsRoute(server, context.config, metrics)
  if (context.config.role === 'worker') return server
  loginRoutes(server, context)
  oauthRoutes(server, context)
  webhookRoutes(server, context)
  exportRoutes(server, context)
  eventsRoute(server, context)
  graphqlRoutes(server, context)
  schemaRoute(server)
  return server
}
