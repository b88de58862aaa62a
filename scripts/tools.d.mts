export declare const TOOLS: Readonly<
  Record<string, { readonly module: string; readonly version: string; readonly cluster?: boolean }>
>;
export declare function toolFolder(name: string): string;
export declare function toolPath(name: string): string;
export declare function isBuilt(name: string): boolean;
export declare const CLUSTER_TOOLS: readonly string[];
export declare function buildTools(names?: readonly string[]): Promise<number>;
