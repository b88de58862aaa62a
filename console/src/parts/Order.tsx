import { useRef, useState } from 'react';
import { type Order, send } from '../api.ts';

const WORDS = {
  abort: 'All traffic goes back to the stable version at once.',
  pause: 'It stays at its step and is still judged.',
  resume: 'It goes on where it was.',
  promote:
    'This overrides the verdict: the version gets all traffic without having passed. It is recorded as OVERRIDDEN.',
} as const;

const TOKEN = 'sluice-token';

/** Doing is deliberate: an order says what it does, wants a reason, and names who may give it. */
export function OrderButton(props: { service: string; environment: string; command: Order['command'] }) {
  const { service, environment, command } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [wrong, setWrong] = useState<string>();
  const [open, setOpen] = useState(false);
  const show = () => {
    setWrong(undefined);
    setOpen(true);
    dialog.current?.showModal();
  };
  const submit = async (form: FormData) => {
    const reason = String(form.get('reason') ?? '').trim();
    const token = String(form.get('token') ?? '').trim();
    const problem = await send({ service, environment, command, reason, token, key: crypto.randomUUID() });
    setWrong(problem);
    if (problem) return;
    sessionStorage.setItem(TOKEN, token);
    dialog.current?.close();
  };
  return (
    <>
      <button type="button" className={command === 'abort' ? 'stop' : ''} onClick={show}>
        {command[0]!.toUpperCase() + command.slice(1)} …
      </button>
      <dialog ref={dialog} aria-label={`${command} ${service}`} onClose={() => setOpen(false)}>
        {open && (
          <form
            onSubmit={(e) => {
              e.preventDefault();
              void submit(new FormData(e.currentTarget));
            }}
          >
            <h2>
              {command} {service} in {environment}
            </h2>
            <p>{WORDS[command]} Everybody who reads the ledger sees who asked and why.</p>
            <label>
              Reason
              <input name="reason" required autoComplete="off" />
            </label>
            <label>
              Token with the scope “operate”
              <input
                name="token"
                type="password"
                required
                defaultValue={sessionStorage.getItem(TOKEN) ?? ''}
              />
            </label>
            {wrong && <p role="alert">{wrong}</p>}
            <div className="actions">
              <button type="submit" className={command === 'abort' ? 'stop' : ''}>
                {command}
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
