const FIELDS = [
  { name: 'text', label: 'Words' },
  { name: 'service', label: 'Service' },
  { name: 'environment', label: 'Environment' },
  { name: 'actor', label: 'Who' },
  { name: 'decision', label: 'Decision' },
  { name: 'type', label: 'Type' },
  { name: 'from', label: 'From', type: 'datetime-local' },
  { name: 'to', label: 'To', type: 'datetime-local' },
] as const;

/** Times of the form are local; the server asks for milliseconds. */
function searchOf(form: FormData): string {
  const query = new URLSearchParams();
  for (const { name } of FIELDS) {
    const value = String(form.get(name) ?? '').trim();
    if (value) query.set(name, name === 'from' || name === 'to' ? String(new Date(value).getTime()) : value);
  }
  const text = query.toString();
  return text ? `?${text}` : '';
}

const localTime = (at: string | null): string => {
  if (!at) return '';
  const d = new Date(Number(at));
  return new Date(d.getTime() - d.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

/** What is searched for, by field. */
export function Search({ params, go }: { params: URLSearchParams; go: (to: string) => void }) {
  return (
    <form
      className="panel form"
      onSubmit={(e) => {
        e.preventDefault();
        go(`/audit${searchOf(new FormData(e.currentTarget))}`);
      }}
    >
      {FIELDS.map((f) => (
        <label key={f.name}>
          {f.label}
          <input
            name={f.name}
            type={'type' in f ? f.type : 'text'}
            defaultValue={'type' in f ? localTime(params.get(f.name)) : (params.get(f.name) ?? '')}
            autoComplete="off"
          />
        </label>
      ))}
      <button type="submit">Search</button>
    </form>
  );
}
