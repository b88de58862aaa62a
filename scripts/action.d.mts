export declare function bundleAction(): Promise<string>;
