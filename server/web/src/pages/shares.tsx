// SPDX-License-Identifier: Apache-2.0
// Receipts: everything that was ever given.
import { get } from '../api';
import { Empty, Failure, Loading, Title } from '../parts';
import { useLoad } from '../state';
import { text } from '../strings';
import type { Grant, Page } from '../types';
import { Receipt } from './receipt';

export function SharesPage() {
  const grants = useLoad<Page<Grant>>('/api/v1/grants');
  const items = grants.value?.items ?? [];
  const look = () => {
    get<Page<Grant>>('/api/v1/grants').then(grants.replace, () => undefined);
  };
  return (
    <div class="narrow">
      <Title note={text.grants.lead}>{text.grants.title}</Title>
      {grants.error && <Failure error={grants.error} retry={grants.reload} />}
      {grants.state === 'loading' && <Loading />}
      {grants.value && items.length === 0 && <Empty icon="shares" title={text.grants.none}><p>{text.grants.noneHelp}</p></Empty>}
      <div class="stack">{items.map((g) => <Receipt key={g.id} grant={g} changed={look} />)}</div>
    </div>
  );
}
