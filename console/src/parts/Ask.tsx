import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { type Concern, mayOrder } from '../../../src/api/offers.ts';
import { post, useMe } from '../api.ts';

const TOKEN = 'sluice-token';

interface Field {
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
  readonly concern: Concern;
  readonly path: string;
  readonly fields?: readonly Field[];
  readonly body: (values: Record<string, string>) => object;
  readonly stops?: boolean;
}

function FieldInput({ field: f }: { field: Field }) {
  const isCheck = f.type === 'checkbox';
  return (
    <label data-check={isCheck ? 'true' : undefined}>
      {f.label}
      <input
        name={f.name}
        type={f.type ?? 'text'}
        required={!f.optional && !isCheck}
        placeholder={f.placeholder}
        defaultValue={isCheck ? 'yes' : f.value}
        autoComplete="off"
      />
    </label>
  );
}

function TokenInput({ scope }: Pick<AskProps, 'scope'>) {
  return (
    <label>
      Token with the scope “{scope}”
      <input name="token" type="password" required defaultValue={sessionStorage.getItem(TOKEN) ?? ''} />
    </label>
  );
}

interface AskFormProps {
  readonly ask: AskProps;
  readonly close: () => void;
}

/** The form inside the dialog: it is there while the dialog is open, so that it begins empty each time. */
function AskForm({ ask, close }: AskFormProps) {
  const [wrong, setWrong] = useState<string>();
  const me = useMe().data;
  const client = useQueryClient();
  const signedIn = me?.actor && mayOrder(me, ask.scope, ask.concern);
  const send = async (form: FormData) => {
    const values = Object.fromEntries([...form].map(([k, v]) => [k, String(v).trim()]));
    const token = signedIn ? '' : (values['token'] ?? '');
    const problem = await post(ask.path, ask.body(values), token, crypto.randomUUID());
    setWrong(problem);
    if (problem) return;
    if (token) sessionStorage.setItem(TOKEN, token);
    close();
    // What was ordered is seen at once, by whoever ordered it.
    void client.invalidateQueries();
  };
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        void send(new FormData(e.currentTarget));
      }}
    >
      <h2>{ask.title}</h2>
      <p>{ask.words} The ledger records who gave the order and why.</p>
      {(ask.fields ?? []).map((field) => (
        <FieldInput key={field.name} field={field} />
      ))}
      <label>
        Reason
        <input name="reason" required autoComplete="off" />
      </label>
      {signedIn ? <p className="soft">As {me.actor}.</p> : <TokenInput scope={ask.scope} />}
      {wrong && <p role="alert">{wrong}</p>}
      <div className="actions">
        <button type="submit" className={ask.stops ? 'stop' : ''}>
          {ask.submit}
        </button>
        <button type="button" onClick={close}>
          Cancel
        </button>
      </div>
    </form>
  );
}

/** Doing is deliberate: an order says what it does, wants a reason, and names who may give it. */
export function Ask(ask: AskProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [open, setOpen] = useState(false);
  const me = useMe().data;
  if (!mayOrder(me, ask.scope, ask.concern)) return null;
  const show = () => {
    setOpen(true);
    dialog.current?.showModal();
  };
  return (
    <>
      <button type="button" className={ask.stops ? 'stop' : ''} onClick={show}>
        {ask.label}
      </button>
      <dialog ref={dialog} aria-label={ask.title} onClose={() => setOpen(false)}>
        {open && <AskForm ask={ask} close={() => dialog.current?.close()} />}
      </dialog>
    </>
  );
}
