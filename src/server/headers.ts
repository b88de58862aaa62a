import { secureHeaders } from 'hono/secure-headers';

/**
 * What browsers may do with our answers, on every one of them. Nothing of ours is framed, and forms of ours go to us.
 * Plain HTTP does not bind a browser to HTTPS: it takes that from an answer over HTTPS only.
 */
export const answerHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'self'"],
    styleSrc: ["'self'", "'unsafe-inline'"],
    imgSrc: ["'self'", 'data:'],
    objectSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'self'"],
    frameAncestors: ["'none'"],
  },
  strictTransportSecurity: 'max-age=31536000',
  xFrameOptions: 'DENY',
  // With none at all a browser does not say that a form of ours was sent from a page of ours.
  referrerPolicy: 'same-origin',
});
