// SPDX-License-Identifier: Apache-2.0
// Sign in: address and password, then the second factor when the server asks for it. What is shown after a refusal never tells
// which part was wrong or whether the account exists.
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError, call } from '../api';
import { Failure, Title } from '../parts';
import { useAction } from '../state';
import { text } from '../strings';
import type { Session } from '../types';

function Refusal({ error }: { error: ApiError }) {
  if (error.status === 429) {
    return <p class="notice bad" role="alert">{text.signIn.tooMany(error.retryAfterS || 60)}</p>;
  }
  if (error.status === 401 || error.status === 400 || error.status === 422) {
    return <p class="notice bad" role="alert">{text.signIn.refused}</p>;
  }
  return <Failure error={error} />;
}

export function SignInPage({ onSignedIn }: { onSignedIn: (s: Session) => void }) {
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const [shown, setShown] = useState(false);
  const [second, setSecond] = useState(false);
  const [wrongCode, setWrongCode] = useState<ApiError | null>(null);
  const codeField = useRef<HTMLInputElement>(null);
  const submit = useAction(async () => {
    setWrongCode(null);
    try {
      const totp = code.replace(/\s/g, '');
      onSignedIn(await call<Session>('POST', '/api/v1/session', { email, password, ...(second && totp ? { totp } : {}) }));
    } catch (cause) {
      if (!(cause instanceof ApiError) || cause.code !== 'second_factor_required') {
        throw cause;
      }
      if (second) {
        setWrongCode(cause);
        setCode('');
      }
      setSecond(true);
    }
  });
  useEffect(() => {
    if (second) {
      codeField.current?.focus();
    }
  }, [second, wrongCode]);
  const restart = () => {
    setSecond(false);
    setCode('');
    setPassword('');
  };
  const refusal = submit.error ?? wrongCode;

  return (
    <main class="alone sign-in">
      <form class="card" onSubmit={(e) => { e.preventDefault(); void submit.run(); }}>
        <p class="brand">
          <svg viewBox="0 0 32 32" aria-hidden="true">
            <rect width="32" height="32" rx="8" class="brand-ground" />
            <path class="brand-line" d="M10 26V9.5A2.5 2.5 0 0 1 12.5 7h7A2.5 2.5 0 0 1 22 9.5V26M7.5 26h17" />
            <circle class="brand-light" cx="16" cy="14" r="2.9" />
          </svg>
          {text.brand}
        </p>
        <Title note={text.signIn.lead}>{text.signIn.title}</Title>
        {refusal && !submit.busy && <Refusal error={refusal} />}
        <div hidden={second}>
          <label for="email">{text.signIn.email}</label>
          <input id="email" type="email" autocomplete="username" required maxLength={254} value={email}
            onInput={(e) => setEmail(e.currentTarget.value)} />
          <label for="password">{text.signIn.password}</label>
          <div class="with-button">
            <input id="password" type={(shown ? 'text' : 'password') as 'password'} autocomplete="current-password" required maxLength={1024}
              value={password} onInput={(e) => setPassword(e.currentTarget.value)} />
            <button type="button" class="plain" aria-pressed={shown} aria-label={text.signIn.showWhat} onClick={() => setShown(!shown)}>
              {text.signIn.show}
            </button>
          </div>
        </div>
        {second && (
          <div>
            <label for="code">{text.signIn.code}</label>
            <input id="code" ref={codeField} class="code" inputMode="numeric" autocomplete="one-time-code" required
              pattern="[0-9 ]{6,7}" maxLength={7} aria-describedby="code-help" value={code}
              onInput={(e) => setCode(e.currentTarget.value)} />
            <p id="code-help" class="small">{text.signIn.codeHelp}</p>
          </div>
        )}
        <button type="submit" class="button primary wide" disabled={submit.busy}>
          {submit.busy ? text.signIn.working : text.signIn.submit}
        </button>
        {second && <button type="button" class="plain wide" onClick={restart}>{text.signIn.other}</button>}
      </form>
    </main>
  );
}
