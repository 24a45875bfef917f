/** Links to files of customers and records. */
import { EXPORT_FORMATS, EXPORTS } from '../record/export.ts'
import { lacking, readFormat, readName } from '../record/export-route.ts'
import { type ExportLink, makeExportLink } from '../record/export-ticket.ts'
import { builder } from './builder.ts'

const ExportLinkType = builder.objectRef<ExportLink>('ExportLink').implement({
  fields: (t) => ({
    url: t.exposeString('url', { nullable: false, description: 'Opens without a token.' }),
    expiresAt: t.expose('expiresAt', {
      type: 'Date',
      nullable: false,
      description: 'Until when the download must begin.',
    }),
  }),
})

builder.mutationField('exportLink', (t) =>
  t.field({
    type: ExportLinkType,
    permission: 'authenticated',
    description:
      'Makes a link to a file of customers or records, for ten minutes. It needs the permission to see what it holds: showCustomers, showOrders or showProducts.',
    args: {
      what: t.arg.string({ required: true, description: `One of ${Object.keys(EXPORTS).join(', ')}.` }),
      format: t.arg.string({ description: `${EXPORT_FORMATS.join(' or ')}; default csv.` }),
      searchValue: t.arg.string(),
      status: t.arg.string(),
      ns: t.arg.string({ description: 'Only those of this app.' }),
      from: t.arg({ type: 'Date', description: 'From this moment on.' }),
      until: t.arg({ type: 'Date', description: 'Before this moment.' }),
    },
    resolve: (_root, args, { context, caller, workspace }) => {
      const name = readName(args.what)
      const { permission } = EXPORTS[name]
      if (!caller.can(permission)) throw lacking(permission)
      return makeExportLink(context, {
        workspaceId: caller.workspaceId,
        subdomain: workspace.subdomain,
        name,
        format: readFormat(args.format),
        filter: {
          ...(args.searchValue && { search: args.searchValue }),
          ...(args.status && { status: args.status }),
          ...(args.ns && { ns: args.ns }),
          ...(args.from && { from: args.from }),
          ...(args.until && { until: args.until }),
        },
      })
    },
  }),
)
