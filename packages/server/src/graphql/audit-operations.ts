/** The audit log (ours, specification 10.3): who did what, when and from where. */
import { isId } from '../account/id.ts'
import { ACTS, type ActKind, isActKind } from '../audit/acts.ts'
import { type AuditEntry, countEntries, listEntries } from '../audit/store.ts'
import { ApiError } from '../errors.ts'
import { builder } from './builder.ts'
import { type Page, PaginationInfo, pageArgs, readPage } from './pagination.ts'

const EntryType = builder.objectRef<AuditEntry>('AuditLogEntry').implement({
  description: 'A security-relevant act. Entries are never changed.',
  fields: (t) => ({
    _id: t.exposeID('id', { nullable: false }),
    createdAt: t.expose('createdAt', { type: 'Date', nullable: false }),
    kind: t.exposeString('kind', {
      nullable: false,
      description: Object.entries(ACTS)
        .map(([kind, text]) => `\`${kind}\`: ${text}`)
        .join('\n'),
    }),
    ns: t.exposeString('ns', { description: 'The app it is about.' }),
    subjectId: t.exposeString('subjectId', {
      description: 'Of the token, link or version that it is about.',
    }),
    accountId: t.exposeString('accountId', {
      description: 'Who acted; null where the platform did by itself, or somebody with a link.',
    }),
    tokenId: t.exposeString('tokenId', { description: 'The app token that they used.' }),
    actorName: t.exposeString('actorName', { description: 'Name of that token at the time.' }),
    requestId: t.exposeString('requestId', { description: 'Finds its line in the server log.' }),
    address: t.exposeString('address', { description: 'Network address of the caller.' }),
    details: t.field({
      type: 'JSON',
      nullable: false,
      description: 'Names, ids and numbers; never a secret.',
      resolve: ({ details }) => details,
    }),
  }),
})

const AuditLogResponse = builder.objectRef<Page<AuditEntry>>('AuditLogResponse').implement({
  fields: (t) => ({
    data: t.field({ type: [EntryType], nullable: false, resolve: ({ data }) => data }),
    pagination: t.field({ type: PaginationInfo, nullable: false, resolve: ({ pagination }) => pagination }),
  }),
})

builder.queryField('auditLog', (t) =>
  t.field({
    type: AuditLogResponse,
    nullable: false,
    permission: 'showAuditLog',
    description:
      'Security-relevant acts in the workspace, newest first. Those of the platform as a whole are in the log of the default workspace.',
    args: {
      kind: t.arg.string({ description: 'Such as token.made.' }),
      ns: t.arg.string(),
      accountId: t.arg.string({ description: 'Who acted.' }),
      tokenId: t.arg.string({ description: 'The app token that was used.' }),
      since: t.arg({ type: 'Date', description: 'From this moment on.' }),
      until: t.arg({ type: 'Date', description: 'Before this moment.' }),
      ...pageArgs,
    },
    resolve: (_root, { kind, ns, accountId, tokenId, since, until, ...page }, { context, caller }) => {
      const filter = {
        workspaceId: caller.workspaceId,
        kind: readKind(kind),
        ns: ns ?? undefined,
        accountId: readId(accountId, 'accountId'),
        tokenId: readId(tokenId, 'tokenId'),
        since: since ?? undefined,
        until: until ?? undefined,
      }
      return readPage(page, {
        name: 'auditLog',
        list: (range) => listEntries(context.db, filter, range),
        count: () => countEntries(context.db, filter),
      })
    },
  }),
)

function readKind(kind: string | null | undefined): ActKind | undefined {
  if (!kind) return undefined
  if (isActKind(kind)) return kind
  throw new ApiError('BAD_USER_INPUT', `kind must be one of ${Object.keys(ACTS).join(', ')}.`)
}

function readId(id: string | null | undefined, argument: string): string | undefined {
  if (!id) return undefined
  if (isId(id)) return id
  throw new ApiError('BAD_USER_INPUT', `${argument} must be an id, as in the entries of the audit log.`)
}
