/* SPDX-License-Identifier: Apache-2.0 */
#include "request/request.h"

#include "base/clock.h"
#include "db/db.h"
#include "ledger/ledger.h"

enum { OPEN_DAYS = 14, AREA_TEXT_MAX = 64 * AREA_REQUEST_POINTS_MAX };

static void record(struct db_tx *tx, const struct request_new *n, const struct principal *officer,
                   const char *request_id, const struct id *id)
{
    struct buf detail = BUF_INIT(2048);
    buf_str(&detail, "{\"case\":\"");
    buf_json_text(&detail, n->case_ref);
    buf_str(&detail, "\"}");
    ledger_add(tx, &(struct ledger_entry){.action = "request.publish",
                                          .agency = &officer->agency,
                                          .who = officer,
                                          .subject_kind = "request",
                                          .subject = id,
                                          .detail_json = (const char *)detail.data,
                                          .request_id = request_id});
    buf_finish(&detail);
}

void request_publish(struct db_tx *tx, const struct request_new *n, double km2,
                     const struct principal *officer, const char *request_id, struct id *ret_id)
{
    int64_t now = clock_now_us();
    struct buf area = BUF_INIT(AREA_TEXT_MAX);
    area_format(n->area, n->n_area, &area);
    const char *polygon = (const char *)area.data;
    *ret_id = id_new();
    db_tx_add(tx, DB_AGENCY_LOCK, DB_ID(&officer->agency));
    db_tx_add(tx, DB_REQUEST_ALLOWED, DB_ID(&officer->agency), DB_TEXT(n->case_ref),
              DB_TEXT(polygon), DB_I64(now));
    db_tx_add(tx, DB_REQUEST_INSERT, DB_ID(ret_id), DB_ID(&officer->agency), DB_ID(&officer->id),
              DB_TEXT(n->case_ref), DB_TEXT(n->incident), DB_TEXT(n->contact), DB_TEXT(n->reason),
              DB_TEXT(polygon), DB_F64(km2), DB_I64(n->from_us), DB_I64(n->to_us), DB_I64(now),
              DB_I64(now + OPEN_DAYS * INT64_C(86400000000)));
    db_tx_add(tx, DB_REQUEST_REACH, DB_ID(ret_id), DB_I64(now), DB_TEXT(request_id));
    record(tx, n, officer, request_id, ret_id);
    buf_finish(&area);
}
