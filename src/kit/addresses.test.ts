import { describe, expect, it } from 'vitest';
import { addressRefusal, hostRefusal } from './addresses.ts';

describe('addresses that documents name', () => {
  it.each([
    'http://169.254.169.254/latest/meta-data/',
    'http://169.254.170.2/v2/credentials',
    'http://169.254.169.254./',
    'http://2852039166/',
    'http://0xa9fea9fe/',
    'http://0251.0376.0251.0376/',
    'http://169.254.43518/',
    'http://[::ffff:169.254.169.254]/',
    'http://[::ffff:a9fe:a9fe]/',
    'http://[64:ff9b::169.254.169.254]/',
    'http://[::169.254.169.254]/',
    'http://[::ffff:0:169.254.169.254]/',
    'http://[64:ff9b:1::169.254.169.254]/',
    'http://[2002:a9fe:a9fe::1]/',
    'http://[2002:6464:64c8::]/',
    'http://[fe80::1]/',
    'http://[febf::1]/',
    'http://[fd00:ec2::254]/',
    'http://[FD00:EC2:0:0:0:0:0:254]/',
    'https://metadata.google.internal/computeMetadata/v1/',
    'https://METADATA.google.internal./',
    'http://100.100.100.200/',
    'http://168.63.129.16/',
    'http://１６９.254.169.254/',
    'http://169。254。169。254/',
  ])('ADDRESS-1: %s hands out credentials of the machine: it is refused however it is written', (address) =>
    expect(addressRefusal(address)).toMatch(/hands out credentials/),
  );

  it.each(['https://a:b@prometheus.example', 'https://token@forge.example', 'https://:x@forge.example'])(
    'ADDRESS-2: %s holds a password, which would be shown with it: it is refused',
    (address) => expect(addressRefusal(address)).toMatch(/without a user or password/),
  );

  it.each([
    'http://127.0.0.1:9090',
    'http://[::1]:9090',
    'http://10.0.0.7',
    'http://192.168.1.2:3000/path',
    'https://prometheus.monitoring.svc.cluster.local:9090',
    'http://169.25.4.1',
    'http://[fd00::1]',
    'http://[2001:db8::a9fe:a9fe]',
    'https://metadata.example.org',
    'https://id.example/realms/a@b',
    'https://{environment}.example',
    'not an address',
  ])('ADDRESS-3: %s is a place where parts of an installation may be', (address) =>
    expect(addressRefusal(address)).toBeNull(),
  );

  it('ADDRESS-1: mail servers too', () => {
    expect(hostRefusal('169.254.169.254:25')).toMatch(/hands out/);
    expect(hostRefusal('mail.example:587')).toBeNull();
  });
});
