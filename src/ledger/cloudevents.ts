import type { LedgerRecord } from './record.ts';

/** A record as a CloudEvent 1.0 in structured JSON: what it says is unchanged, and its hash goes along. */
export const cloudEventOf = (record: LedgerRecord): object => ({
  specversion: '1.0',
  id: `${record.ledger}/${record.seq}`,
  source: `urn:sluice:ledger:${record.ledger}`,
  type: `dev.sluice.${record.type}`,
  subject: record.subject,
  time: new Date(record.at).toISOString(),
  datacontenttype: 'application/json',
  data: record,
});
