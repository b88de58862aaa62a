import { createHmac } from 'node:crypto';
import { ErrorCode, WebClient } from '@slack/web-api';
import { createTransport } from 'nodemailer';
import { request } from 'undici';
import { sha256 } from '../../kit/digest.ts';
import { fail, messageOf, ok } from '../../kit/result.ts';
import type { Message, Sender } from './port.ts';

const TIMEOUT_MS = 10_000;

const COLOURS = {
  started: '#1e88e5',
  promoted: '#43a047',
  'rolled-back': '#e53935',
  'needs-a-person': '#fb8c00',
  proposed: '#1e88e5',
  denied: '#e53935',
  freeze: '#fb8c00',
  drift: '#fb8c00',
} as const satisfies Record<Message['kind'], string>;

/** Text of others, inside Slack's own markup: its three characters stand for themselves. */
const slackText = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

export function slackSender(options: {
  readonly channel: string;
  readonly token: string;
  readonly address: string | null;
}): Sender {
  const client = new WebClient(options.token, {
    ...(options.address ? { slackApiUrl: options.address } : {}),
    timeout: TIMEOUT_MS,
    // The notifier tries again by itself, and later.
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
  });
  return {
    updates: 'in-place',
    async send(message, ref) {
      const title = slackText(message.title);
      const body = `*<${message.link}|${title}>*\n${slackText(message.text)}`;
      const section = { type: 'section', text: { type: 'mrkdwn', text: body } };
      const content = { text: title, attachments: [{ color: COLOURS[message.kind], blocks: [section] }] };
      try {
        if (ref) {
          const [channel, ts] = ref.split(' ') as [string, string];
          await client.chat.update({ channel, ts, ...content });
          return ok(ref);
        }
        const made = await client.chat.postMessage({
          channel: options.channel,
          unfurl_links: false,
          ...content,
        });
        return ok(`${made.channel} ${made.ts}`);
      } catch (thrown) {
        const { code, data } = thrown as { code?: string; data?: { error?: string } };
        // It was deleted there: a new one takes its place.
        const gone = code === ErrorCode.PlatformError && data?.error === 'message_not_found';
        return gone && ref ? this.send(message, null) : fail(`Slack: ${messageOf(thrown)}`);
      }
    },
  };
}

async function post(url: string, body: string, headers: Record<string, string>, what: string) {
  try {
    const answer = await request(url, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json', ...headers },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body.dump();
    return answer.statusCode < 300 ? ok(null) : fail(`${what} answered ${answer.statusCode}`);
  } catch (thrown) {
    return fail(`${what}: ${messageOf(thrown)}`);
  }
}

/** Text of others: a TextBlock would read it as Markdown, links included. */
const textBlock = (text: string, looks: object) => ({
  type: 'RichTextBlock',
  inlines: [{ type: 'TextRun', text, ...looks }],
});

/** Teams takes an adaptive card and gives nothing back to update it by. */
export function teamsSender(options: { readonly url: string }): Sender {
  return {
    updates: 'once',
    async send(message) {
      const content = {
        $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
        type: 'AdaptiveCard',
        version: '1.4',
        body: [textBlock(message.title, { weight: 'Bolder', size: 'Medium' }), textBlock(message.text, {})],
        actions: [{ type: 'Action.OpenUrl', title: 'Open', url: message.link }],
      };
      const card = { contentType: 'application/vnd.microsoft.card.adaptive', content };
      return post(options.url, JSON.stringify({ type: 'message', attachments: [card] }), {}, 'Teams');
    },
  };
}

/** Every revision under one key, so that the receiver can keep one; signed where a secret is declared. */
export function webhookSender(options: { readonly url: string; readonly secret: string | null }): Sender {
  return {
    updates: 'in-place',
    async send(message) {
      const body = JSON.stringify({ schema: 'sluice.dev/notice/v1', key: message.thread, ...message });
      const signature = options.secret
        ? { 'x-sluice-signature': createHmac('sha256', options.secret).update(body).digest('hex') }
        : {};
      return post(
        options.url,
        body,
        { 'x-sluice-delivery': `${message.thread}#${message.rev}`, ...signature },
        'the webhook',
      );
    },
  };
}

export function emailSender(options: {
  readonly to: readonly string[];
  readonly from: string;
  readonly smarthost: string;
  readonly username: string | null;
  readonly password: string | null;
}): Sender {
  const [host, port] = options.smarthost.split(':') as [string, string];
  const transport = createTransport({
    host,
    port: Number(port),
    secure: Number(port) === 465,
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    ...(options.username ? { auth: { user: options.username, pass: options.password ?? '' } } : {}),
  });
  const domain = options.from.split('@')[1] ?? 'localhost';
  /** The first message of a thread has a name that follows from it: replies find it, and a repeat is the same one. */
  const idOf = (thread: string, rev: number | null) =>
    `<sluice-${sha256(thread).slice(0, 24)}${rev === null ? '' : `-${rev}`}@${domain}>`;
  return {
    updates: 'reply',
    async send(message, ref) {
      const first = idOf(message.thread, null);
      try {
        await transport.sendMail({
          from: options.from,
          to: [...options.to],
          subject: message.title.replace(/[\r\n]+/g, ' '),
          text: `${message.text}\n\n${message.link}\n`,
          messageId: ref ? idOf(message.thread, message.rev) : first,
          ...(ref ? { inReplyTo: first, references: first } : {}),
        });
        return ok(first);
      } catch (thrown) {
        return fail(`mail: ${messageOf(thrown)}`);
      }
    },
  };
}
