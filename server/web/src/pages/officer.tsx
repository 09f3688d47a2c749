// SPDX-License-Identifier: Apache-2.0
// An officer's page: the agency's requests and what was given for them. It shows no counts and no places.
import { onThisHost } from '../api';
import * as format from '../format';
import { Icon } from '../icons';
import { Failure, Loading, Title } from '../parts';
import { useLoad } from '../state';
import { text } from '../strings';
import type { Evidence, FootageRequest, Page } from '../types';
import { incidentName } from './requests';

function Given({ grant }: { grant: Evidence }) {
  return (
    <article class="card">
      <h3>{text.requests.case} {grant.case}</h3>
      <p>{text.officer.from(grant.alias)} · {format.dateTime(grant.given_at)} · {text.officer.until(format.date(grant.expires_at))}</p>
      <ul class="sent">
        {grant.files.map((file, i) => (
          <li key={file.id} class="row between">
            <span>{text.officer.file(i + 1)} · <span title={format.utc(file.started_at)}>{format.dateTime(file.started_at)}</span> · {format.seconds(file.duration_ms)} · {format.bytes(file.bytes)}</span>
            <a class="button" href={onThisHost(file.urls.mp4)} download><Icon name="download" />{text.clip.download}</a>
          </li>
        ))}
      </ul>
    </article>
  );
}

export function OfficerPage({ agency }: { agency: string }) {
  const requests = useLoad<Page<FootageRequest>>('/api/v1/requests');
  const evidence = useLoad<Page<Evidence>>('/api/v1/evidence');
  return (
    <div class="narrow">
      <Title note={text.officer.lead(agency)}>{text.officer.title}</Title>
      <section>
        <h2>{text.officer.evidence}</h2>
        {evidence.error && <Failure error={evidence.error} retry={evidence.reload} />}
        {evidence.state === 'loading' && <Loading />}
        {evidence.value?.items.length === 0 && <p>{text.officer.noEvidence}</p>}
        <div class="stack">{evidence.value?.items.map((g) => <Given key={g.id} grant={g} />)}</div>
      </section>
      <section>
        <h2>{text.officer.requests}</h2>
        {requests.error && <Failure error={requests.error} retry={requests.reload} />}
        {requests.value?.items.length === 0 && <p>{text.officer.noRequests}</p>}
        <ul class="stack">
          {requests.value?.items.map((r) => (
            <li key={r.id} class="card">
              <p class="strong">{incidentName(r.incident)} · {text.requests.case} {r.case}</p>
              <p>{format.span(r.from, r.to)}</p>
              <p class="small">{r.reason}</p>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
