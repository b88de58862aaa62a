/** Labels by which an object that applies Git, of Argo CD or Flux, says for which lane it does. */
export const SERVICE_LABEL = 'sluice.dev/service';
export const ENVIRONMENT_LABEL = 'sluice.dev/environment';
