/**
 * What each operation is called with. The values are ids and names of things: those of the victim, those that nobody has,
 * or the caller's own. An operation that is missing here makes the campaign fail.
 */

export interface Kit {
  /** An app that is installed and connected. */
  ns: string
  workspaceId: string
  accountId: string
  tokenId: string
  runId: string
  notificationId: string
  customerId: string
  orderId: string
  productId: string
  /** Of the customer. */
  tagId: string
  webhookEventId: string
  /** Of a server of the workspace that is told of events. */
  webhookId: string
  deliveryId: string
  /** Time of what a cursor of each list points at. */
  at: string
  /** Behind `/login/`. */
  link: string
  ticket: string
  state: string
  /** An app token. */
  token: string
}

type Arguments = (kit: Kit) => Record<string, unknown>

const none: Arguments = () => ({})
const ofApp: Arguments = ({ ns }) => ({ ns })

/** A cursor as the server makes them; the victim's may have been seen in a log or over a shoulder. */
const cursor = (list: string, { at }: Kit, id: string) =>
  Buffer.from(JSON.stringify([list, at, id])).toString('base64url')

export const OPERATIONS: Record<string, Arguments> = {
  apps: (kit) => ({ after: cursor('apps', kit, kit.tokenId) }),
  appDetail: ({ tokenId }) => ({ _id: tokenId }),
  currentUser: none,
  appsAdd: ({ workspaceId }) => ({ name: 'made', workspaceId, permissions: [], noExpire: true }),
  appsEdit: ({ tokenId }) => ({ _id: tokenId, name: 'renamed', isEnabled: false }),
  appsRemove: ({ tokenId }) => ({ _id: tokenId }),
  auditLog: (kit) => ({ accountId: kit.accountId, after: cursor('auditLog', kit, kit.tokenId) }),
  notifications: (kit) => ({ after: cursor('notifications', kit, kit.notificationId) }),
  notificationsMarkAsRead: ({ notificationId }) => ({ ids: [notificationId] }),
  listMiniAppsGeneralInfo: none,
  miniAppGeneralInfo: ofApp,
  myMiniApps: none,
  miniApps: none,
  miniAppGetConfigs: none,
  miniAppDetail: ({ ns }) => ({ miniAppNs: ns }),
  miniAppDashboardConfig: ({ ns }) => ({ appNs: ns }),
  miniAppConfigKeys: ofApp,
  setMiniAppConfig: ({ ns }) => ({ ns, config: { key: 'value' } }),
  registerMiniApp: ({ ns }) => ({ definition: { ns } }),
  workspaces: none,
  workspaceAdd: () => ({ subdomain: 'made', name: 'Made' }),
  workspaceOwnerLink: ({ workspaceId }) => ({ _id: workspaceId }),
  suspendMiniApp: ({ ns, workspaceId }) => ({ ns, workspaceId }),
  liftMiniAppSuspension: ({ ns, workspaceId }) => ({ ns, workspaceId }),
  executeMiniAppAction: ({ ns }) => ({ appNs: ns, actionName: 'look', formInput: {} }),
  testMiniApiRequest: ({ ns }) => ({ miniAppNs: ns, actionName: 'look' }),
  miniAppsActionSources: ({ ns }) => ({ miniAppNs: ns, sourceKey: 'rpc_items' }),
  miniAppActionRuns: (kit) => ({ ns: kit.ns, after: cursor('miniAppActionRuns', kit, kit.runId) }),
  miniAppActionRun: ({ runId }) => ({ _id: runId }),
  webhookEvents: (kit) => ({ ns: kit.ns, after: cursor('webhookEvents', kit, kit.webhookEventId) }),
  webhookEvent: ({ webhookEventId }) => ({ _id: webhookEventId }),
  webhookRejections: ofApp,
  webhookCounts: ofApp,
  webhookEventsReplay: ({ webhookEventId }) => ({ ids: [webhookEventId] }),
  webhooks: (kit) => ({ after: cursor('webhooks', kit, kit.webhookId) }),
  webhookDetail: ({ webhookId }) => ({ _id: webhookId }),
  webhooksGetActions: none,
  webhookDeliveryLogs: (kit) => ({
    webhookId: kit.webhookId,
    after: cursor('webhookDeliveryLogs', kit, kit.deliveryId),
  }),
  webhooksAdd: () => ({
    url: 'https://hooks.example/made',
    actions: [{ type: 'core:customer', action: 'create' }],
  }),
  webhooksEdit: ({ webhookId }) => ({ _id: webhookId, url: 'https://hooks.example/mine' }),
  webhooksToggle: ({ webhookId }) => ({ _id: webhookId, isActive: false }),
  webhooksRotateSecret: ({ webhookId }) => ({ _id: webhookId }),
  webhooksPing: ({ webhookId }) => ({ _id: webhookId }),
  webhooksRetryDelivery: ({ deliveryId }) => ({ logId: deliveryId }),
  webhooksReset: ({ webhookId }) => ({ _id: webhookId }),
  webhooksRemove: ({ webhookId }) => ({ _id: webhookId }),
  customers: (kit) => ({ ids: [kit.customerId], after: cursor('customers', kit, kit.customerId) }),
  customerDetail: ({ customerId }) => ({ _id: customerId }),
  customerCounts: ({ customerId, tagId }) => ({ ids: [customerId], tag: tagId }),
  customersAdd: ({ tagId }) => ({ firstName: 'Made', tagIds: [tagId] }),
  customersEdit: ({ customerId, tagId }) => ({ _id: customerId, firstName: 'Changed', tagIds: [tagId] }),
  customersEditByField: ({ customerId }) => ({
    selector: { code: customerId },
    doc: { firstName: 'Changed' },
  }),
  customersChangeState: ({ customerId }) => ({ _id: customerId, value: 'lead' }),
  customersMerge: ({ customerId, orderId }) => ({ customerIds: [customerId, orderId] }),
  customersRemove: ({ customerId }) => ({ customerIds: [customerId] }),
  orders: (kit) => ({ customerId: kit.customerId, after: cursor('orders', kit, kit.orderId) }),
  orderDetail: ({ orderId }) => ({ _id: orderId }),
  ordersChangeStatus: ({ orderId }) => ({ _id: orderId, status: 'shipped' }),
  abandonedCarts: ({ orderId }) => ({ ids: [orderId] }),
  abandonedCartDetail: ({ orderId }) => ({ _id: orderId }),
  products: ({ productId, tagId }) => ({ ids: [productId], tag: tagId }),
  productDetail: ({ productId }) => ({ _id: productId }),
  productCountByTags: none,
  productsAdd: ({ orderId }) => ({ name: 'Made', categoryId: orderId }),
  productsEdit: ({ productId }) => ({ _id: productId, name: 'Changed' }),
  productsRemove: ({ productId }) => ({ productIds: [productId] }),
  productCategoriesAdd: ({ orderId }) => ({ name: 'Made', code: 'made', parentId: orderId }),
  productCategoriesEdit: ({ orderId }) => ({ _id: orderId, name: 'Changed', code: 'changed' }),
  productCategoriesRemove: ({ orderId }) => ({ _id: orderId }),
  productCategories: ({ orderId }) => ({ ids: [orderId] }),
  productCategoryDetail: ({ orderId }) => ({ _id: orderId }),
  tags: ({ tagId }) => ({ ids: [tagId], parentId: tagId, searchValue: 'account' }),
  tagDetail: ({ tagId }) => ({ _id: tagId }),
  tagsQueryCount: () => ({ searchValue: 'account' }),
  tagsAdd: ({ tagId }) => ({ name: 'Made', type: 'core:customer', parentId: tagId }),
  tagsEdit: ({ tagId }) => ({ _id: tagId, name: 'Changed', type: 'core:customer' }),
  tagsMerge: ({ tagId, customerId }) => ({ sourceId: tagId, destId: customerId }),
  tagsTag: ({ customerId, tagId }) => ({ type: 'core:customer', targetIds: [customerId], tagIds: [tagId] }),
  tagsRemove: ({ tagId }) => ({ _id: tagId }),
  // What a link opens is sealed for the caller's workspace; nothing of another one can be named in it.
  exportLink: ({ ns }) => ({ what: 'orders', format: ns }),
  refreshMiniAppToken: ofApp,
  retryMiniAppRegistration: ofApp,
  rotateMiniAppWebhookSecret: ofApp,
  miniAppOauthTicket: ofApp,
  saveMiniAppCredentials: ({ ns }) => ({ ns, credentials: {} }),
  disconnectMiniApp: ofApp,
  uninstallMiniApp: ofApp,
  // After the others: what is installed by it, they would find.
  installMiniApp: ofApp,
}

interface RouteCall {
  url: (kit: Kit, subdomain: string) => string
  headers?: (kit: Kit) => Record<string, string>
  body?: string
}

const graphql = (subdomain: string) => `/w/${subdomain}/graphql`
const question = '{"query":"{ currentUser { _id username } }"}'
const asToken = ({ token }: Kit) => ({ 'x-app-token': token, 'content-type': 'application/json' })

/** What each route is asked for, by method and pattern; routes that answer the same to everybody are asked too. */
export const ROUTES: Record<string, RouteCall[]> = {
  'GET /healthz': [{ url: () => '/healthz' }],
  'GET /readyz': [{ url: () => '/readyz' }],
  // Numbers of the moment: whose they are is the concern of `app/metrics.test.ts`; here it must not be told without its token.
  'GET /metrics': [{ url: () => '/metrics' }],
  'GET /w/:subdomain/login/:link': [{ url: ({ link }, subdomain) => `/w/${subdomain}/login/${link}` }],
  'POST /w/:subdomain/login/:link': [{ url: ({ link }, subdomain) => `/w/${subdomain}/login/${link}` }],
  'GET /miniapps/:ns/oauth2': [
    { url: ({ ns, ticket }) => `/miniapps/${ns}/oauth2?ticket=${ticket}` },
    { url: ({ ns, state }) => `/miniapps/${ns}/oauth2?code=x&state=${state}` },
  ],
  'POST /w/:subdomain/miniapps/:ns/webhooks': [
    {
      url: ({ ns }, subdomain) => `/w/${subdomain}/miniapps/${ns}/webhooks`,
      body: '{"event":"order.created"}',
    },
  ],
  'GET /w/:subdomain/miniapps/:ns/webhooks': [
    { url: ({ ns }, subdomain) => `/w/${subdomain}/miniapps/${ns}/webhooks?challenge=x` },
  ],
  // Whose the delivery is stands in what the provider has signed; no app of this platform is called that way.
  'POST /miniapps/:ns/webhooks': [
    { url: ({ ns }) => `/miniapps/${ns}/webhooks`, body: '{"event":"order.created"}' },
  ],
  'GET /miniapps/:ns/webhooks': [{ url: ({ ns }) => `/miniapps/${ns}/webhooks?challenge=x` }],
  'GET /w/:subdomain/public-api.graphql': [
    { url: (_kit, subdomain) => `/w/${subdomain}/public-api.graphql` },
  ],
  'GET /miniapp.schema.json': [{ url: () => '/miniapp.schema.json' }],
  'GET /w/:subdomain/export/:name': [
    { url: (_kit, subdomain) => `/w/${subdomain}/export/orders?format=ndjson`, headers: asToken },
    { url: ({ ticket }, subdomain) => `/w/${subdomain}/export/orders?ticket=${ticket}` },
  ],
  'GET /w/:subdomain/events': [
    {
      url: (_kit, subdomain) => `/w/${subdomain}/events`,
      headers: (kit) => ({ ...asToken(kit), 'last-event-id': `${kit.webhookEventId}.0` }),
    },
  ],
  'POST /w/:subdomain/graphql': [
    { url: (_kit, subdomain) => graphql(subdomain), headers: asToken, body: question },
    {
      url: (_kit, subdomain) => graphql(subdomain),
      headers: ({ token }) => ({ authorization: `Bearer ${token}`, 'content-type': 'application/json' }),
      body: question,
    },
  ],
  'GET /w/:subdomain/graphql': [
    {
      url: (_kit, subdomain) =>
        `${graphql(subdomain)}?query=${encodeURIComponent('{ currentUser { _id } }')}`,
      headers: asToken,
    },
  ],
}
