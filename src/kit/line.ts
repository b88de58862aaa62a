/** Text of others within a line of ours: no line break and no other control character is left in it. */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\u2028\u2029]+/gu, ' ');
