type Read = (file: string) => string;
export function versionsIn(text: Read): Map<string, string | undefined>;
export function changesOf(version: string, changelog: string): string | null;
export function obstacles(version: string, text: Read): string[];
