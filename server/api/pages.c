/* SPDX-License-Identifier: Apache-2.0 */
/* What a browser gets outside of the API: the app, its assets, the API description, and the page
 * each problem's `type` points to. */
#include "api/handlers.h"
#include "base/buf.h"
#include "web/web.h"

#include <string.h>

enum { PROBLEM_PAGE_MAX = 8192 };

API_HANDLER(api_page)
{
    web_page(x);
}

API_HANDLER(api_asset)
{
    web_asset(x);
}

API_HANDLER(api_openapi)
{
    web_openapi(x);
}

/* The texts are our own (problem.def) and hold no markup. */
API_HANDLER(api_problem_page)
{
    const char *code = http_param(x, "code");
    for (size_t i = 0; i < PROBLEMS; i++) {
        const struct problem_info *p = &problem_table[i];
        if (strcmp(p->code, code) != 0) {
            continue;
        }
        struct buf page = BUF_INIT(PROBLEM_PAGE_MAX);
        buf_printf(&page,
                   "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n"
                   "<meta name=\"viewport\" content=\"width=device-width\">\n"
                   "<meta name=\"color-scheme\" content=\"light dark\">\n"
                   "<title>%s · Doorward</title>\n<main>\n<h1>%s</h1>\n<p>%s</p>\n"
                   "<p>Status %d, type <code>/problems/%s</code>.</p>\n</main>\n</html>\n",
                   p->title, p->title, p->hint, p->status, p->code);
        size_t n = page.len;
        http_add_header(x, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'");
        http_answer_owned(x, 200, "text/html; charset=utf-8", buf_take(&page), n);
        return;
    }
    http_answer_problem(x, PROBLEM_not_found, NULL);
}
