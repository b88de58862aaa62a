import { z } from 'zod';

/** The fields of Gitea's answers that are used, and no others. */
const branch = z.object({
  ref: z.string(),
  sha: z.string(),
  repo: z.object({ full_name: z.string() }).nullable(),
});

export const pullSchema = z.object({
  number: z.number(),
  title: z.string(),
  state: z.string(),
  merged: z.boolean(),
  draft: z.boolean().optional(),
  html_url: z.string(),
  created_at: z.string(),
  user: z.object({ login: z.string() }),
  labels: z.array(z.object({ name: z.string() })).nullable(),
  base: branch,
  head: branch,
  merge_base: z.string().optional(),
});
export type GiteaPull = z.infer<typeof pullSchema>;
export const pullsSchema = z.array(pullSchema);

export const treeSchema = z.object({
  tree: z
    .array(z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: z.string() }))
    .nullable(),
  truncated: z.boolean(),
});

export const commitsSchema = z.array(
  z.object({ sha: z.string(), parents: z.array(z.object({ sha: z.string() })) }),
);

/** Who wrote something; null: somebody who is gone. */
export const userSchema = z.object({ id: z.number(), login: z.string() });

export const statusSchema = z.object({
  context: z.string(),
  status: z.string(),
  description: z.string().nullable(),
  creator: userSchema.nullish(),
});
export type GiteaStatus = z.infer<typeof statusSchema>;
/** The newest status of each name. */
export const combinedSchema = z.object({ statuses: z.array(statusSchema).nullish() });

export const commentSchema = z.object({ id: z.number(), body: z.string(), user: userSchema.nullish() });
export const commentsSchema = z.array(commentSchema);

export const messageSchema = z.object({ message: z.string() });

export const deliverySchema = z.object({
  number: z.number().optional(),
  pull_request: z.object({ number: z.number() }).optional(),
  ref: z.string().optional(),
  /** Of a status: where it was posted, and under which name. */
  sha: z.string().optional(),
  context: z.string().optional(),
  comment: z.object({}).nullish(),
});

/** A file with its own identity: what an update has to name. */
export const contentSchema = z.object({ sha: z.string(), content: z.string().nullable() });
