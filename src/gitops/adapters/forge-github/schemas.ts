import { z } from 'zod';

/** The fields of GitHub's answers that are used, and no others. */
const side = z.object({
  ref: z.string(),
  sha: z.string(),
  repo: z.object({ full_name: z.string() }).nullable(),
});

export const pullSchema = z.object({
  number: z.number(),
  title: z.string(),
  state: z.string(),
  merged_at: z.string().nullable(),
  draft: z.boolean().optional(),
  html_url: z.string(),
  created_at: z.string(),
  user: z.object({ login: z.string() }).nullable(),
  labels: z.array(z.object({ name: z.string() })),
  base: side,
  head: side,
});
export type GithubPull = z.infer<typeof pullSchema>;

export const fileSchema = z.object({
  filename: z.string(),
  status: z.string(),
  previous_filename: z.string().optional(),
});

export const compareSchema = z.object({
  files: z.array(fileSchema).optional(),
  merge_base_commit: z.object({ sha: z.string() }),
});

export const treeSchema = z.object({
  tree: z.array(z.object({ path: z.string(), mode: z.string(), type: z.string(), sha: z.string() })),
  truncated: z.boolean(),
});

/** A file up to a megabyte; a larger one has no content here. */
export const contentSchema = z.object({ type: z.literal('file'), encoding: z.string(), content: z.string() });

const checkRun = z.object({
  id: z.number(),
  external_id: z.string().nullable(),
  status: z.string(),
  conclusion: z.string().nullable(),
  app: z.object({ id: z.number() }).nullable(),
});
export type CheckRun = z.infer<typeof checkRun>;
export const checkRunsSchema = z.object({ check_runs: z.array(checkRun) });
export const checkRunSchema = z.object({ id: z.number() });

/** Who wrote something; null: somebody who is gone. */
export const userSchema = z.object({ id: z.number(), login: z.string() });
export const appSchema = z.object({ slug: z.string() });

export const statusSchema = z.object({
  context: z.string(),
  state: z.string(),
  description: z.string().nullable(),
  creator: userSchema.nullish(),
});
export type GithubStatus = z.infer<typeof statusSchema>;

export const commentSchema = z.object({
  id: z.number(),
  body: z.string().optional(),
  user: userSchema.nullish(),
});

export const deliverySchema = z.object({
  action: z.string().optional(),
  number: z.number().optional(),
  pull_request: z.object({ number: z.number() }).optional(),
  merge_group: z.object({ head_sha: z.string(), base_sha: z.string(), head_ref: z.string() }).optional(),
  ref: z.string().optional(),
  /** Of a status: where it was posted, and under which name. */
  sha: z.string().optional(),
  context: z.string().optional(),
});

export const refSchema = z.object({ object: z.object({ sha: z.string() }) });
export const gitCommitSchema = z.object({ sha: z.string(), tree: z.object({ sha: z.string() }) });
export const gitTreeSchema = z.object({ sha: z.string() });
