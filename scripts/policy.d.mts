export declare function moduleFiles(): string[];
export declare function manifestOf(wasm: Uint8Array): { revision: string; digest: string; wasm: string };
export declare function buildWasm(opa: string): Uint8Array;
