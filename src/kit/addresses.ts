/**
 * Which addresses Sluice asks on the word of a document. Prometheus, forges, identity providers and receivers lie in
 * private networks and on this machine, so those are allowed. What is refused is where clouds hand out credentials of
 * the machine to whatever runs on it: no document has a reason to name one, and an answer of theirs would be shown in
 * an error, or sent on. Names are not looked up: what a name leads to is for the network to bound.
 */
const METADATA_NAMES: ReadonlySet<string> = new Set([
  'metadata',
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
]);
/** Of Alibaba, Oracle and Azure; those of the others are link-local. */
const METADATA_IPV4: ReadonlySet<string> = new Set(['100.100.100.200', '192.0.0.192', '168.63.129.16']);
const METADATA_IPV6: ReadonlySet<string> = new Set(['fd00:ec2::254', 'fd20:ce::254']);
/** Around an IPv4 address that is written as IPv6: mapped, translated (SIIT, NAT64), compatible, and tunnelled (6to4). */
const IPV4_WITHIN =
  /^(?:(?:::ffff:|::ffff:0:|64:ff9b::|64:ff9b:1::|::)([0-9a-f]{1,4}):([0-9a-f]{1,4})|2002:([0-9a-f]{1,4}):([0-9a-f]{1,4}):.*)$/;

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', 'localhost', '[::1]']);

/** The host of an address as URLs write it: IPv6 in brackets. */
export const urlHost = (host: string): string => (host.includes(':') ? `[${host}]` : host);

/** Whether a host, as URLs write it, is this machine. */
export const isLoopback = (host: string): boolean => LOOPBACK.has(host);

const isMetadataIpv4 = (ip: string): boolean => ip.startsWith('169.254.') || METADATA_IPV4.has(ip);

function isMetadataIpv6(ip: string): boolean {
  const within = IPV4_WITHIN.exec(ip);
  if (within) {
    const [high, low] = [within[1] ?? within[3]!, within[2] ?? within[4]!].map((half) =>
      Number.parseInt(half, 16),
    ) as [number, number];
    return isMetadataIpv4([high >> 8, high & 255, low >> 8, low & 255].join('.'));
  }
  // fe80::/10: link-local.
  return /^fe[89ab][0-9a-f]:/.test(ip) || METADATA_IPV6.has(ip);
}

/** Whether a host is where a cloud hands out credentials. `host` is as the parser of URLs writes it. */
function isMetadata(host: string): boolean {
  if (host.startsWith('[')) return isMetadataIpv6(host.slice(1, -1));
  const name = host.replace(/\.$/, '');
  return METADATA_NAMES.has(name) || isMetadataIpv4(name);
}

/** Why an address that a document names is not asked; null: it may be. One that is none is left to its shape. */
export function addressRefusal(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { hostname, username, password } = new URL(address);
  if (username !== '' || password !== '')
    return 'expected an address without a user or password: those are named by reference, in auth';
  return isMetadata(hostname)
    ? `expected another address: ${hostname} hands out credentials of the machine, and is never asked`
    : null;
}

/** The same of a host with its port, such as that of a mail server. */
export const hostRefusal = (hostAndPort: string): string | null => addressRefusal(`http://${hostAndPort}`);
