import type { Notice } from '../../api/notices/notice.ts';
import type { Result } from '../../kit/result.ts';

/** A notice with the address of its page. */
export interface Message extends Notice {
  readonly link: string;
}

export interface Sender {
  /**
   * `in-place`: one message that is brought up to date. `reply`: another one of the same thread, when the kind
   * of news changes. `once`: nothing can be taken back, so only what is settled is sent.
   */
  readonly updates: 'in-place' | 'reply' | 'once';
  /** Sends, or updates what `ref` names. Gives the reference for next time. Bounded in time, may be repeated. */
  send(message: Message, ref: string | null): Promise<Result<string | null, string>>;
}
