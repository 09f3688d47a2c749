/* SPDX-License-Identifier: Apache-2.0 */
/* The begin() of every route: who is calling, may this kind of caller use the route, then the
 * handler. Runs when the headers are complete, before any body is asked for. */
#ifndef API_AUTHENTICATE_H
#define API_AUTHENTICATE_H

#include "api/api.h"
#include "auth/session.h"

void api_authenticate(struct http_exchange *x);
/* The session of a caller of an API_SIGNED_IN, API_ACCOUNT or API_OFFICER route. */
const struct session *api_session_of(const struct http_exchange *x);

#endif
