import { useRef, useState } from 'react';
import { post, useMe } from '../api.ts';

const TOKEN = 'sluice-token';

export interface Field {
  readonly name: string;
  readonly label: string;
  readonly type?: 'text' | 'datetime-local' | 'number' | 'checkbox';
  readonly placeholder?: string;
  readonly optional?: boolean;
  readonly value?: string;
}

interface AskProps {
  readonly label: string;
  readonly title: string;
  readonly submit: string;
  /** What it does, and what it overrides. */
  readonly words: string;
  readonly scope: 'operate' | 'waive';
  readonly path: string;
  readonly fields?: readonly Field[];
  readonly body: (values: Record<string, string>) => object;
  readonly stops?: boolean;
}

/** Doing is deliberate: an order says what it does, wants a reason, and names who may give it. */
export function Ask({ label, title, submit, words, scope, path, fields = [], body, stops }: AskProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [wrong, setWrong] = useState<string>();
  const [open, setOpen] = useState(false);
  const me = useMe().data;
  const signedIn = me?.actor && (me.scopes.includes(scope) || me.scopes.includes('admin'));
  const show = () => {
    setWrong(undefined);
    setOpen(true);
    dialog.current?.showModal();
  };
  const send = async (form: FormData) => {
    const values = Object.fromEntries([...form].map(([k, v]) => [k, String(v).trim()]));
    const token = signedIn ? '' : (values['token'] ?? '');
    const problem = await post(path, body(values), token, crypto.randomUUID());
    setWrong(problem);
    if (problem) return;
    if (token) sessionStorage.setItem(TOKEN, token);
    dialog.current?.close();
  };
  return (
    <>
      <button type="button" className={stops ? 'stop' : ''} onClick={show}>
        {label}
      </button>
      <dialog ref={dialog} aria-label={title} onClose={() => setOpen(false)}>
        {open && (
          <form
            onSubmit={(e) => {
              e.preventDefault();
              void send(new FormData(e.currentTarget));
            }}
          >
            <h2>{title}</h2>
            <p>{words} Everybody who reads the ledger sees who asked and why.</p>
            {fields.map((f) => (
              <label key={f.name} data-check={f.type === 'checkbox' ? 'true' : undefined}>
                {f.label}
                <input
                  name={f.name}
                  type={f.type ?? 'text'}
                  required={!f.optional && f.type !== 'checkbox'}
                  placeholder={f.placeholder}
                  defaultValue={f.type === 'checkbox' ? 'yes' : f.value}
                  autoComplete="off"
                />
              </label>
            ))}
            <label>
              Reason
              <input name="reason" required autoComplete="off" />
            </label>
            {signedIn ? (
              <p className="soft">As {me.actor}.</p>
            ) : (
              <label>
                Token with the scope “{scope}”
                <input
                  name="token"
                  type="password"
                  required
                  defaultValue={sessionStorage.getItem(TOKEN) ?? ''}
                />
              </label>
            )}
            {wrong && <p role="alert">{wrong}</p>}
            <div className="actions">
              <button type="submit" className={stops ? 'stop' : ''}>
                {submit}
              </button>
              <button type="button" onClick={() => dialog.current?.close()}>
                Cancel
              </button>
            </div>
          </form>
        )}
      </dialog>
    </>
  );
}
