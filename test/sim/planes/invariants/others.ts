import { lanesFold } from '../../../../src/delivery/fold.ts';
import { verifyChain } from '../../../../src/ledger/record.ts';
import type { Invariant } from './invariant.ts';
import { encodeStates } from './states.ts';

/** A forge is asked once a minute for what nobody told of, and what broke with it is tried again a while after. */
const LIMIT_MS = 150_000;

export const oneBreaksAlone: Invariant = {
  id: 'SIM-13',
  says: 'a pull request that can be read is decided on in time, whatever another one, a lane or a file does',
  start(w, past, held) {
    return {
      step() {
        for (const p of w.forge.openOnes()) {
          const head = w.forge.headOf(p);
          const pushed = w.git.commits.get(head)!.at;
          if (past.decisions.has(`${p.number}@${head}`)) continue;
          const waited = Math.min(
            w.now() - pushed,
            w.outside.wellFor('forge', head),
            w.outside.freeFor('forge'),
            w.runsFor(),
          );
          held(
            waited <= LIMIT_MS,
            () =>
              `#${p.number} waits for its first decision for ${waited / 1_000} s; broken: ${w.outside.broken().join(', ')}`,
          );
        }
      },
    };
  },
};

export const toldOnce: Invariant = {
  id: 'SIM-14',
  says: 'nobody is told the same twice by one run of the server',
  start(w, _, held) {
    let seen = 0;
    const told = new Set<string>();
    const lives = new Map<object, number>();
    return {
      step() {
        for (const { receiver, thread, rev, life } of w.receivers.received.slice(seen)) {
          if (!lives.has(life)) lives.set(life, lives.size);
          const key = `${lives.get(life)} ${receiver} ${thread} ${rev}`;
          held(
            !told.has(key) || w.outside.faultOf(receiver) !== null || w.outside.lost.has(receiver),
            () => `${receiver} was told twice of ${thread}, record ${rev}`,
          );
          told.add(key);
        }
        seen = w.receivers.received.length;
      },
    };
  },
};

export const theLedgerIsWhole: Invariant = {
  id: 'SIM-15',
  says: 'the chain verifies, no lane’s records contradict each other, and reading everything anew gives the same state',
  start: (w, _, held) => ({
    async end() {
      const server = w.server();
      if (!server) return;
      held(server.journal.state(lanesFold).broken.size === 0, () =>
        JSON.stringify([...server.journal.state(lanesFold).broken.values()]),
      );
      const texts = await w.ledgerTexts();
      held(verifyChain(texts).ok, () => 'the chain is broken');
      const differing = encodeStates(server.journal, texts);
      held(differing.length === 0, () => `read anew, other states: ${differing.join(', ')}`);
    },
  }),
};
