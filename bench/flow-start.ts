import { sqliteLedger } from '../src/ledger/adapters/sqlite/ledger.ts';
import { openJournal } from '../src/ledger/journal.ts';
import { SERVER_FOLDS } from '../src/server/folds.ts';

/** A start of its own process: opens the ledger that is named and folds it; prints what that cost. `--keep` leaves a snapshot. */
const [file, keep] = process.argv.slice(2);
const before = process.cpuUsage();
const ledger = await sqliteLedger({ file: file!, id: 'bench' });
const journal = await openJournal(ledger, SERVER_FOLDS);
const { user, system } = process.cpuUsage(before);
const { seq } = journal.position();
const memoryMb = process.memoryUsage().rss / 2 ** 20;
if (keep) await journal.snapshot(0);
await journal.close();
process.stdout.write(JSON.stringify({ records: seq, cpuSeconds: (user + system) / 1e6, memoryMb }));
