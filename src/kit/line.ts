/**
 * Text of others within a line of ours: no line break and no other control character is left in it, and none that turns
 * the direction of writing, by which what stands behind it would be read in another order than it was written.
 */
export const oneLine = (text: string): string => text.replace(/[\p{Cc}\p{Bidi_Control}\u2028\u2029]+/gu, ' ');
