// SPDX-License-Identifier: Apache-2.0
// Pages that are fetched when they are first wanted, so that players stay out of the first view.
import { h } from 'preact';
import type { ComponentType, FunctionComponent } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Loading } from './parts';
import { text } from './strings';

export type LazyPage<P> = FunctionComponent<P> & {
  /** Start fetching before it is drawn. */
  warm(): void;
};

export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): LazyPage<P> {
  let answer: Promise<ComponentType<P>> | null = null;
  let known: ComponentType<P> | null = null;
  const fetchOnce = () => {
    answer ??= load().then((page) => (known = page), (cause: unknown) => {
      answer = null;
      throw cause;
    });
    return answer;
  };
  const page: FunctionComponent<P> = (props) => {
    const [ready, setReady] = useState<ComponentType<P> | null>(() => known);
    const [failed, setFailed] = useState(false);
    useEffect(() => {
      if (ready === null) {
        fetchOnce().then((c) => setReady(() => c), () => setFailed(true));
      }
    }, []);
    if (ready !== null) {
      return h(ready, props as P);
    }
    return failed ? <Gone /> : <Loading />;
  };
  return Object.assign(page, { warm: () => void fetchOnce().catch(() => undefined) });
}

/** The server was renewed since this page was loaded, or cannot be reached. */
function Gone() {
  return (
    <div class="notice bad" role="alert">
      <div>
        <p class="strong">{text.error.pageGone}</p>
        <button type="button" class="button" onClick={() => location.reload()}>{text.error.reload}</button>
      </div>
    </div>
  );
}
