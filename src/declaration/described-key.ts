/**
 * The end of a key's path in the JSON Schema, what the key means, and values that it may have. `null`: the schema
 * itself says what it means. The longest end that fits a path counts.
 */
export type Described = readonly [path: string, meaning: string | null, ...examples: unknown[]];
