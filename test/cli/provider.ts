import type { SignIn } from '../../src/declaration/platform.ts';
import { openIdProvider } from '../openid.ts';
import { listening } from './served.ts';

/** A real OpenID provider on loopback whose accounts are their names; alice is in the group sre. */
export async function openProvider() {
  const { server, url: issuer, close } = await listening();
  /** The sign-in of a server: its address is known to the provider from now on. */
  const signInAt = (url: string): SignIn => {
    server.on('request', openIdProvider(issuer, url).callback());
    return {
      people: {
        issuer,
        clientId: 'sluice',
        clientSecret: null,
        groupsClaim: 'groups',
        groups: { sre: ['operate'] },
        publicUrl: null,
      },
      machines: [],
    };
  };
  return { signInAt, close };
}

const MOST_PAGES = 25;

/** A page's next step: a form to fill in, or an address that it goes to by itself. */
function nextStep(page: string, url: string, login: string, answer: string) {
  const refresh = /http-equiv="refresh" content="0;url=([^"]+)"/.exec(page)?.[1];
  if (refresh) {
    const to = refresh.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)));
    return { url: new URL(to, url).href, body: null };
  }
  const form = /<form[^>]*>/.exec(page)?.[0];
  if (!form?.includes('method="post"')) return null;
  const action = / action="([^"]+)"/.exec(form)?.[1] ?? url;
  const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
  const fields = prompt === 'login' ? { prompt, login, password: 'x' } : prompt ? { prompt } : { answer };
  return { url: new URL(action, url).href, body: new URLSearchParams(fields as Record<string, string>) };
}

/** A person with a browser: signs in, answers what is asked, and gives the last page's text. */
export async function browse(
  start: string,
  login: string,
  answer: 'allow' | 'deny' = 'allow',
): Promise<string> {
  const cookies = new Map<string, string>();
  let step: { url: string; body: URLSearchParams | null } = { url: start, body: null };
  for (let i = 0; i < MOST_PAGES; i++) {
    const { url, body } = step;
    const response = await fetch(url, {
      method: body ? 'POST' : 'GET',
      redirect: 'manual',
      headers: {
        cookie: [...cookies].map(([k, v]) => `${k}=${v}`).join('; '),
        ...(body ? { origin: new URL(url).origin } : {}),
      },
      ...(body ? { body } : {}),
    });
    for (const cookie of response.headers.getSetCookie()) {
      const [pair] = cookie.split(';');
      const at = pair!.indexOf('=');
      cookies.set(pair!.slice(0, at), pair!.slice(at + 1));
    }
    const page = await response.text();
    const location = response.headers.get('location');
    const next = location
      ? { url: new URL(location, url).href, body: null }
      : nextStep(page, url, login, answer);
    if (!next) return page;
    step = next;
  }
  throw new Error('too many pages');
}
