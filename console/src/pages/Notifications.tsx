import {
  matchingNotices,
  NOTICE_WORDS,
  type NoticeView,
  noticesSentence,
} from '../../../src/api/notices/list.ts';
import { useNotices, useOverview } from '../api.ts';
import { useSeenBefore } from '../data/seen.ts';
import { Link, useAddress, useGo } from '../parts/Link.tsx';
import { Page } from '../parts/Page.tsx';
import { clock, exactly } from '../parts/words.ts';

/** Where a choice of this page is. */
const addressOf = (params: Readonly<Record<string, string | undefined>>): string => {
  const given = Object.entries(params).filter((e): e is [string, string] => e[1] !== undefined);
  return given.length > 0 ? `/notifications?${new URLSearchParams(given)}` : '/notifications';
};

function Row({ notice, isNew }: { notice: NoticeView; isNew: boolean }) {
  const { word, icon } = NOTICE_WORDS[notice.kind];
  return (
    <tr data-new={isNew}>
      <td className="soft" title={exactly(notice.at)}>
        {clock(notice.at)}
        {isNew && <b className="new"> New</b>}
      </td>
      <td className="kind">
        <span aria-hidden="true">{icon}</span> {word}
      </td>
      <td>
        <Link to={notice.path}>{notice.title}</Link>
        <div>{notice.text}</div>
      </td>
    </tr>
  );
}

function Choice({ kinds }: { kinds: string | undefined }) {
  const go = useGo();
  return (
    <div className="controls">
      <label className="filter">
        <span className="soft">Kinds</span>
        <select
          value={kinds ?? ''}
          onChange={(e) =>
            go(addressOf({ kinds: e.target.value || undefined }), { replace: true, stay: true })
          }
        >
          <option value="">Important</option>
          <option value="all">All, also routine</option>
        </select>
      </label>
    </div>
  );
}

/** What people were notified of, with the sentences of the messages, and what of it is new since the last visit. */
export function Notifications() {
  const { kinds: chosen, before, env, team } = useAddress();
  const kinds = chosen === 'all' ? 'all' : undefined;
  const search = new URLSearchParams({ ...(kinds ? { kinds } : {}), ...(before ? { before } : {}) });
  const newest = useNotices();
  const page = useNotices(search.size > 0 ? `?${search}` : '');
  const overview = useOverview().data;
  const revs = [newest, page].flatMap((answer) => answer.data?.notices[0]?.rev ?? []);
  const seen = useSeenBefore(revs.length > 0 ? Math.max(...revs) : undefined);
  return (
    <Page title="Notifications" asked={page}>
      {() => {
        const { notices, next } = page.data!;
        const shown = matchingNotices(notices, { env, team }, overview?.teams ?? {});
        return (
          <>
            <h1>
              {before ? 'Older notifications' : noticesSentence(page.data!, seen ?? Number.POSITIVE_INFINITY)}
            </h1>
            <Choice kinds={kinds} />
            <table className="list notices">
              <tbody>
                {shown.map((n) => (
                  <Row key={n.thread} notice={n} isNew={seen !== null && n.rev > seen} />
                ))}
              </tbody>
            </table>
            {shown.length < notices.length && shown.length === 0 && (
              <p>No notification here is about this environment and team.</p>
            )}
            <p>
              {before && <Link to={addressOf({ kinds })}>Newest notifications</Link>}{' '}
              {next !== null && (
                <Link to={addressOf({ kinds, before: String(next) })}>Older notifications</Link>
              )}
            </p>
          </>
        );
      }}
    </Page>
  );
}
