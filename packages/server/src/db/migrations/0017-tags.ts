import { sql } from 'kysely'
import type { Migration } from '../migrate.ts'

const TABLES = [
  `create table tag (
    workspace_id uuid not null references workspace (id) on delete cascade,
    id uuid not null,
    type text not null,
    name text not null,
    folded text not null,
    color_code text,
    parent_id uuid,
    ancestors uuid[] not null default '{}',
    -- Compared by its characters: what begins with the same text stands together, whatever the language.
    "order" text collate "C" not null,
    created_at timestamptz(3) not null,
    primary key (workspace_id, id),
    constraint tag_unique_name unique (workspace_id, type, name),
    foreign key (workspace_id, parent_id) references tag (workspace_id, id)
  )`,
  `create index tag_of_parent on tag (workspace_id, parent_id)`,
  // By which names apps know a tag: its own, those that it had, and those of tags that were merged into it. Without a key to
  // the tag, whose check would read all tags for each of many that are made at once: whoever writes has locked the tree.
  `create table tag_name (
    workspace_id uuid not null references workspace (id) on delete cascade,
    type text not null,
    name text not null,
    tag_id uuid not null,
    primary key (workspace_id, type, name)
  )`,
  `create index tag_name_of_tag on tag_name (workspace_id, tag_id)`,
  // What carries which tags. Whoever writes here has locked the target, or is making it.
  `create table tagged (
    workspace_id uuid not null,
    target_id uuid not null,
    tag_id uuid not null,
    type text not null,
    primary key (workspace_id, target_id, tag_id),
    foreign key (workspace_id, tag_id) references tag (workspace_id, id) on delete cascade
  )`,
  `create index tagged_by_tag on tagged (workspace_id, tag_id, target_id) include (type)`,
]

/** The tags of customers were texts: each becomes a tag of its workspace. */
const TEXTS = [
  `insert into tag (workspace_id, id, type, name, folded, "order", created_at)
    select workspace_id, gen_random_uuid(), 'core:customer', name, lower(name), lower(name) || '/', now()
    from (select distinct workspace_id, left(text, 255) as name from customer, unnest(tags) as text) as texts`,
  `insert into tag_name (workspace_id, type, name, tag_id) select workspace_id, type, name, id from tag`,
  `insert into tagged (workspace_id, target_id, tag_id, type)
    select distinct customer.workspace_id, customer.id, tag.id, tag.type
    from customer, unnest(customer.tags) as text, tag
    where tag.workspace_id = customer.workspace_id and tag.name = left(text, 255)`,
  `alter table customer drop column tags`,
]

export const tags: Migration = {
  name: '0017-tags',
  async up(trx) {
    for (const statement of [...TABLES, ...TEXTS]) await sql.raw(statement).execute(trx)
  },
}
