/* SPDX-License-Identifier: Apache-2.0 */
/* Uploads as a form (`curl -F file=@clip.mp4 -F 'meta={"kind":"motion"};type=application/json'`):
 * one part is the file and goes straight into an upload; the others say what it is, before it or
 * behind it. */
#ifndef API_FORM_H
#define API_FORM_H

#include "api/api.h"

bool api_is_form(const struct http_exchange *x);
/* name: from the path; "" when there is none: then the file's own counts. */
void api_form(struct http_exchange *x, struct api *api, const struct principal *who,
              const char *name);

#endif
