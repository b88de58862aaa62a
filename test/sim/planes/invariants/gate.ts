import { orderHold } from '../../../../src/controller/promotion/order.ts';
import { asDelivered, isHeldBack, isRefused } from '../../../../src/delivery/admission.ts';
import type { Hold, Revision } from '../../../../src/delivery/events.ts';
import { isSame } from '../../../../src/delivery/identity.ts';
import type { Facts } from '../../../../src/governance/facts.ts';
import { holdOf } from '../../../../src/governance/freeze.ts';
import { FOLLOWED } from '../declared.ts';
import type { Status } from '../forge.ts';
import type { World } from '../world.ts';
import type { Invariant } from './invariant.ts';
import { decidedOf, type Told } from './past.ts';

interface StartGate {
  readonly lane: string;
  readonly FROZEN: boolean;
  readonly REJECTED_DIGEST: boolean;
  readonly NOT_STABLE_BEFORE: boolean;
}

/** What the start gate would do now with everything that a pull request asks for. */
function startGateNow(w: World, facts: Facts): StartGate[] {
  const server = w.server()!;
  const { controller, governance } = server.planes;
  const views = controller.lanes();
  const lanes = views.map((v) => v.state);
  const tree = w.git.treeOf(facts.pullRequest.headSha);
  return facts.changes.flatMap(({ service, environment, kind, to }): StartGate[] => {
    const name = `${service}/${environment}`;
    const lane = lanes.find((l) => l.lane === name);
    const text = tree?.get(`environments/${environment}/${service}.yaml`);
    if (!to || !lane || text === undefined || kind === 'declaration') return [];
    const git = w.git.read(`environments/${environment}/${service}.yaml`, text, service);
    if (!git.ok) return [];
    const wanted: Revision = asDelivered(lane, git.value, environment === FOLLOWED);
    // There is nothing to start.
    if (lane.stable && isSame(lane.stable, wanted)) return [];
    const frozen = holdOf(governance.freezes(facts.now), service, environment, facts.now);
    const why = orderHold(w.platform, controller.states, controller.desired(), name, wanted.digest);
    const order: Hold | null = why === null ? null : { id: 'order', reason: why, by: '', until: null };
    const refused = isRefused(lane, wanted);
    return [
      {
        lane: name,
        FROZEN: isHeldBack(lane, wanted, frozen),
        REJECTED_DIGEST: refused || (why?.startsWith('it was rejected') ?? false),
        NOT_STABLE_BEFORE: isHeldBack(lane, wanted, order) && why!.startsWith('it was never stable'),
      },
    ];
  });
}

export const gatesAgree: Invariant = {
  id: 'SIM-8',
  says: 'the gate denies for a freeze, a condemnation or the order exactly what the start gate would hold at that moment',
  start(w, past, held) {
    let asked: { readonly head: string; readonly now: number; readonly says: readonly StartGate[] } | null =
      null;
    return {
      asked(given, since) {
        const facts = given as Facts;
        asked = null;
        // Something changed while the facts were gathered: they do not describe one moment.
        if (!w.server() || since === 0 || past.grounds() > since || w.behind()) return;
        asked = { head: facts.pullRequest.headSha, now: facts.now, says: startGateNow(w, facts) };
      },
      record(record) {
        if (record.type !== 'gate.decided' || !asked) return;
        const one = decidedOf(record);
        if (one.head !== asked.head || one.now !== asked.now) return;
        const said: readonly Told[] = [...one.deny, ...one.recorded];
        for (const start of asked.says) {
          const denies = (code: string) =>
            said.some((d) => d.code === code && `${d.service}/${d.environment}` === start.lane);
          for (const code of ['FROZEN', 'REJECTED_DIGEST'] as const)
            held(
              denies(code) === start[code],
              () =>
                `#${one.pull} at ${one.head.slice(-4)}, ${start.lane}: the gate ${start[code] ? 'lets through' : 'denies'} what the start gate ${start[code] ? 'holds' : 'lets begin'}: ${code}`,
            );
          // A version rejected before is held for that, and the gate reports both.
          if (!start.REJECTED_DIGEST)
            held(
              denies('NOT_STABLE_BEFORE') === start.NOT_STABLE_BEFORE,
              () =>
                `#${one.pull}, ${start.lane}: NOT_STABLE_BEFORE: the gate ${denies('NOT_STABLE_BEFORE')}, the start gate ${start.NOT_STABLE_BEFORE}`,
            );
        }
      },
    };
  },
};

export const postsAreDecisions: Invariant = {
  id: 'SIM-9',
  says: 'what is posted at a commit is the last decision on record for it, and in the end it stands there',
  start: (w, past, held) => ({
    reported(number, report) {
      const last = past.decisions.get(`${number}@${report.headSha}`);
      held(
        last !== undefined && last.allow === (report.state === 'success'),
        () =>
          `#${number} at ${report.headSha.slice(-4)} is told ${report.state}, and on record is ${last ? `allow ${last.allow}` : 'nothing'}`,
      );
    },
    end() {
      for (const p of w.forge.openOnes()) {
        const head = w.forge.headOf(p);
        const last = past.decisions.get(`${p.number}@${head}`);
        const stands = w.forge.statuses.get(head);
        held(
          stands?.ours === true && last !== undefined && last.allow === (stands.state === 'success'),
          () =>
            `#${p.number}: ${stands ? `${stands.ours ? 'our' : 'a foreign'} ${stands.state}` : 'nothing'} stands, and on record is ${last ? `allow ${last.allow}` : 'nothing'}`,
        );
      }
    },
  }),
};

/** Two polls of a forge: by then a replaced post was found, even without a webhook. */
const LOOKED_AT_MS = { local: 0, gitea: 30_000, github: 120_000 } as const;

/** A foreign post that the product cannot have seen yet: the forge lets a person merge by it. */
function isUnseen(w: World, head: string, stands: Status | undefined): boolean {
  if (!stands || stands.ours) return false;
  const seenFor = Math.min(
    w.now() - stands.at,
    w.outside.wellFor('forge', head),
    w.outside.freeFor('forge'),
    w.runsFor(),
  );
  return seenFor < LOOKED_AT_MS[w.options.forge];
}

export const mergesAreAllowed: Invariant = {
  id: 'SIM-10',
  says: 'nothing is merged, but by force or by a post of somebody else that cannot be known yet, without an allow on record for exactly that commit and what it merges into',
  start: (w, past, held) => ({
    merged({ number, head, base, by }) {
      if (by === 'force' || (by === 'person' && !w.options.protects)) return;
      const last = past.decisions.get(`${number}@${head}`);
      // What another pull request brought meanwhile, word for word, is not changed by this one any more.
      const files = w.git
        .changed(w.git.treeOf(w.git.mergeBase(base, head)!)!, w.git.treeOf(head)!)
        .filter((f) => w.git.treeOf(base)?.get(f) !== w.git.treeOf(head)?.get(f));
      const sameBase =
        last !== undefined &&
        files.every((f) => w.git.treeOf(last.base)?.get(f) === w.git.treeOf(base)?.get(f));
      // A person merges by the post at the commit, which may be older than the latest decision.
      const stands = w.forge.statuses.get(head);
      const allowed = last?.allow === true || (by === 'person' && stands?.ours !== false);
      if (by === 'person' && isUnseen(w, head, stands)) return;
      held(
        last !== undefined && allowed && sameBase,
        () =>
          `#${number} was merged by the ${by} at ${head.slice(-4)}: ${last ? `allow ${last.allow}, ${sameBase ? 'same' : 'another'} base` : 'nothing on record'}`,
      );
    },
  }),
};

export const limitsAreHeeded: Invariant = {
  id: 'SIM-11',
  says: 'a forge that says when to ask again is not asked before, by anybody, and nothing is decided over and over meanwhile',
  start(w, _, held) {
    let seen = 0;
    const lately = new Map<string, number[]>();
    return {
      record(record) {
        if (record.type !== 'gate.decided') return;
        const { pull, head, at } = decidedOf(record);
        const key = `${pull}@${head}`;
        const times = [...(lately.get(key) ?? []), at].filter((t) => t > at - 10_000);
        lately.set(key, times);
        held(times.length <= 12, () => `#${pull} was decided ${times.length} times within ten seconds`);
      },
      step() {
        const news = w.outside.impatient.slice(seen);
        seen = w.outside.impatient.length;
        held(news.length === 0, () => `${news.length} calls, the first: ${news[0]}`);
      },
    };
  },
};
