/* SPDX-License-Identifier: Apache-2.0 */
/* Who asks at the S3 door: the signature is read, its key looked up, and then verified. */
#include "api/s3.h"
#include "auth/s3_key.h"
#include "base/clock.h"

#include <string.h>

#define MOUNT        "/s3"
#define EMPTY_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct authenticating {
    struct s3_call call;
    struct sigv4_request request;
};

static const char *method_name(enum http_method m)
{
    static const char *const names[HTTP_METHODS] = {
        [HTTP_GET] = "GET",        [HTTP_HEAD] = "HEAD",   [HTTP_POST] = "POST",
        [HTTP_PUT] = "PUT",        [HTTP_PATCH] = "PATCH", [HTTP_DELETE] = "DELETE",
        [HTTP_OPTIONS] = "OPTIONS"};
    return names[m];
}

static void fill_request(struct http_exchange *x, struct sigv4_request *r)
{
    size_t n = 0;
    const char *name, *value;
    while (http_header_at(x, (unsigned)n, &name, &value)) {
        n++;
    }
    struct sigv4_header *headers = http_alloc(x, (n + 1) * sizeof *headers);
    for (size_t i = 0; i < n; i++) {
        http_header_at(x, (unsigned)i, &headers[i].name, &headers[i].value);
    }
    *r = (struct sigv4_request){.method = method_name(http_method(x)),
                                .path = http_path(x),
                                .query = http_raw_query(x),
                                .mount = MOUNT,
                                .headers = headers,
                                .n_headers = n};
}

static void answer_unread(struct http_exchange *x, int status)
{
    switch (status) {
    case SIGV4_E_NONE:
        s3_answer_error(x, S3_AccessDenied, "The request is not signed.");
        break;
    case SIGV4_E_OTHER:
        s3_answer_error(x, S3_InvalidRequest,
                        "Only AWS4-HMAC-SHA256 signatures (version 4) are taken.");
        break;
    case SIGV4_E_SKEWED:
        s3_answer_error(x, S3_RequestTimeTooSkewed, NULL);
        break;
    case SIGV4_E_EXPIRED:
        s3_answer_error(x, S3_AccessDenied, "Request has expired");
        break;
    case SIGV4_E_UNCOVERED:
        s3_answer_error(x, S3_AccessDenied,
                        "Host and every x-amz- header must be among the signed headers.");
        break;
    case SIGV4_E_PAYLOAD:
        s3_answer_error(x, S3_InvalidRequest, "x-amz-content-sha256 is none of the known values.");
        break;
    default:
        s3_answer_error(x,
                        http_header(x, "Authorization") != NULL
                            ? S3_AuthorizationHeaderMalformed
                            : S3_AuthorizationQueryParametersError,
                        NULL);
        break;
    }
}

/* A request without a body may leave the hash out (curl before 8.2 does): it can only be the hash
 * of nothing. */
static bool complete_payload(struct http_exchange *x, struct sigv4_claim *c)
{
    if (c->payload != SIGV4_NOT_TOLD) {
        return true;
    }
    if (http_body_size(x) != 0) {
        s3_answer_error(x, S3_InvalidRequest,
                        "Missing required header for this request: x-amz-content-sha256");
        return false;
    }
    c->payload = SIGV4_HASHED;
    memcpy(c->payload_text, EMPTY_SHA256, sizeof EMPTY_SHA256);
    sha256_of("", 0, c->payload_sha256);
    return true;
}

static void forget(void *arg)
{
    struct authenticating *a = arg;
    secret_wipe(&a->call.chain, sizeof a->call.chain);
}

static enum s3_error error_of_key(int status)
{
    switch (status) {
    case S3_KEY_E_NONE:
        return S3_InvalidAccessKeyId;
    case S3_KEY_E_TOKEN:
        return S3_InvalidToken;
    case S3_KEY_E_EXPIRED:
        return S3_ExpiredToken;
    default:
        return S3_ServiceUnavailable;
    }
}

static void key_found(void *arg, int status, const struct s3_key_found *found)
{
    struct authenticating *a = arg;
    struct http_exchange *x = a->call.x;
    if (status != 0) {
        s3_answer_error(x, error_of_key(status), NULL);
        return;
    }
    int r = sigv4_verify(&a->request, &a->call.claim, found->secret, &a->call.chain);
    if (r != 0) {
        s3_answer_error(x, S3_SignatureDoesNotMatch, NULL);
    } else if (!found->enabled) {
        s3_answer_error(x, S3_AccessDenied, "This camera is switched off by its owner.");
    } else {
        a->call.camera = found->camera;
        http_set_principal(x, &a->call);
        const struct api_route *route = http_route_of(x)->tag;
        route->handle(x, a->call.api, &a->call.camera);
    }
}

void s3_authenticate(struct http_exchange *x)
{
    struct authenticating *a = http_alloc(x, sizeof *a);
    a->call.x = x;
    a->call.api = http_app(x);
    http_on_finish(x, forget, a);
    fill_request(x, &a->request);
    int r = sigv4_read(&a->request, clock_now_us(), &a->call.claim);
    if (r != 0) {
        answer_unread(x, r);
    } else if (strcmp(a->call.claim.service, "s3") != 0) {
        s3_answer_error(x, S3_AuthorizationHeaderMalformed, NULL);
    } else if (complete_payload(x, &a->call.claim)) {
        s3_key_find(a->call.api->db, a->call.api->keyring,
                    &(struct s3_key_wanted){.access_key = a->call.claim.access_key,
                                            .token = a->call.claim.token,
                                            .done = key_found,
                                            .arg = a});
    }
}
