export declare function policyPage(sources: string): string;
