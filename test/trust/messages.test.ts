import { afterEach, describe, expect, it } from 'vitest';
import { compile } from '../../src/controller/compile.ts';
import { openKubernetes } from '../../src/io/kubernetes/client.ts';
import type { Message } from '../../src/server/notify/port.ts';
import { emailSender, slackSender, teamsSender, webhookSender } from '../../src/server/notify/senders.ts';
import { kubeconfig } from '../contract/kubernetes/api.ts';
import { httpReceiver, mailReceiver, message } from '../contract/receivers.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Words of others as they reach a message: a version, a reason, a title of a pull request. */
const EVIL =
  'x\r\nBcc: thief@evil.example\r\nContent-Type: text/html\r\n\r\n<script>1</script> <!channel> <https://evil.example|here> [here](https://evil.example) **b** \u2028 \u0000';

/** A message of which every text is of others. */
const evilMessage = (more: Partial<Message> = {}): Message =>
  message({
    thread: `checkout.prod.3${EVIL}`,
    title: `checkout 1.2.0 ${EVIL}`,
    text: `because ${EVIL}`,
    ...more,
  });

async function receiver() {
  const { close, ...received } = await httpReceiver(() => ({ body: { ok: true, channel: 'C', ts: '1' } }));
  closing.push(close);
  return received;
}

describe('words of others in messages', () => {
  it('TRUST-6: in a mail they are a subject of one line and plain text: no header, no receiver, no markup', async () => {
    const { mails, port, close } = await mailReceiver();
    closing.push(close);
    const sender = emailSender({
      to: ['ops@example.org'],
      from: 'sluice@example.org',
      smarthost: `127.0.0.1:${port}`,
      username: null,
      password: null,
    });
    expect((await sender.send(evilMessage(), null)).ok).toBe(true);
    const [{ to, text }] = mails as [{ to: string[]; text: string }];
    expect(to).toEqual(['ops@example.org']);
    const [head] = text.split('\r\n\r\n') as [string];
    const names = head
      .split('\r\n')
      .filter((line) => !/^\s/.test(line))
      .map((line) => line.split(':')[0]!.toLowerCase());
    expect(names.filter((name) => name === 'bcc')).toEqual([]);
    expect(names.filter((name) => name === 'subject')).toHaveLength(1);
    expect(names.filter((name) => name === 'content-type')).toHaveLength(1);
    expect(head).toMatch(/content-type: text\/plain/i);
  });

  it('TRUST-6: to Teams they are text: no Markdown is read, so no link of theirs is one', async () => {
    const { calls, address } = await receiver();
    await teamsSender({ url: address }).send(evilMessage(), null);
    const { body, actions } = JSON.parse(calls[0]!.body).attachments[0].content;
    expect(body.map((one: { type: string }) => one.type)).toEqual(['RichTextBlock', 'RichTextBlock']);
    expect(body[0].inlines[0]).toMatchObject({ type: 'TextRun', text: evilMessage().title });
    expect(actions).toEqual([{ type: 'Action.OpenUrl', title: 'Open', url: evilMessage().link }]);
  });

  it('TRUST-6: to Slack they mention nobody and link nowhere', async () => {
    const { calls, address } = await receiver();
    await slackSender({ channel: 'c', token: 't', address: `${address}/` }).send(evilMessage(), null);
    const sent = decodeURIComponent(calls[0]!.body.replaceAll('+', ' '));
    expect(sent).not.toContain('<!channel>');
    expect(sent).not.toContain('<https://evil.example');
    expect(sent).toContain('&lt;!channel&gt;');
  });

  it('TRUST-6: to a webhook they are JSON; what is in a header of it is one line, or it is not sent', async () => {
    const { calls, address } = await receiver();
    const sender = webhookSender({ url: address, secret: 's' });
    const sent = await sender.send(evilMessage(), null);
    for (const { headers } of calls) expect(Object.keys(headers)).not.toContain('bcc');
    expect(sent.ok).toBe(false);
    expect((await sender.send(evilMessage({ thread: 'checkout.prod.3' }), null)).ok).toBe(true);
    expect(JSON.parse(calls.at(-1)!.body)).toMatchObject({ title: evilMessage().title });
  });
});

describe('names in paths', () => {
  it.each([
    '/apis/x/v1/namespaces/../../secrets',
    '/apis/x/v1/namespaces/shop/rollouts/a%2f..%2f..%2fsecrets',
    '/apis/x/v1/namespaces/shop/rollouts/a?fieldManager=x#y',
    '/apis/x/v1/namespaces/shop/rollouts/a b',
    '/apis/x/v1/namespaces/shop//rollouts/..',
    '//evil.example/apis',
    '@evil.example/',
    '',
  ])('TRUST-6: %j is not asked of a cluster', async (path) => {
    const { calls, address } = await receiver();
    const client = openKubernetes({ kubeconfig: kubeconfig(address), context: null } as never, () => 0);
    await expect(client.get(path)).rejects.toThrow(/is not a path of the API/);
    await expect(client.patch(path, {})).rejects.toThrow(/is not a path of the API/);
    expect(calls).toEqual([]);
  });

  const platform = (more: string, environment = 'prod'): string => `apiVersion: sluice.dev/v1
kind: Platform
metadata: { name: shop }
spec:
  environments: [{ name: ${environment}, prometheus: { address: 'http://127.0.0.1:9090' } }]
  services: [{ name: checkout, slos: [availability] }]
${more}`;
  /** What is said of the line that is wrong; that the SLO is missing here is said of another. */
  const toldOf = (text: string): { message: string; line: string } => {
    const result = compile([{ file: 'platform.yaml', text }]);
    const problems = result.ok ? [] : result.error.filter(({ code }) => code !== 'UNKNOWN_SLO');
    const [problem] = problems;
    return { message: problem?.message ?? '', line: text.split('\n')[(problem?.line ?? 0) - 1] ?? '' };
  };
  it.each([
    ['an environment that is a path', platform('', "'../secrets'"), /RFC 1123/],
    ['an environment with a query', platform('', "'a?x=1'"), /RFC 1123/],
    [
      'a repository that is a way up',
      platform(
        "  forge: { gitea: { address: 'http://gitea', repository: ../.., token: { secretRef: { env: A } }, webhookSecret: { secretRef: { env: B } } } }\n",
      ),
      /owner\/name/,
    ],
    [
      'a repository with a query',
      platform(
        "  forge: { gitea: { address: 'http://gitea', repository: 'a/b?x', token: { secretRef: { env: A } }, webhookSecret: { secretRef: { env: B } } } }\n",
      ),
      /owner\/name/,
    ],
    [
      'an address where credentials are',
      platform("  policy: { server: { address: 'http://169.254.169.254/v1' } }\n"),
      /hands out credentials/,
    ],
    [
      'an issuer with a password',
      platform("  signIn: { people: { issuer: 'https://a:b@id.example', clientId: c, groups: {} } }\n"),
      /without a user or password/,
    ],
    [
      'a mail server where credentials are',
      platform(
        "  notifications: [{ name: n, email: { to: [a@b.c], from: a@b.c, smarthost: '169.254.169.254:25' } }]\n",
      ),
      /hands out credentials/,
    ],
  ])('TRUST-6: %s is refused at its line', (_, text, why) => {
    const { message, line } = toldOf(text);
    expect(message).toMatch(why);
    expect(line).toMatch(/environments|forge|policy|signIn|notifications/);
  });
});
