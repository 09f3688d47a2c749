/* SPDX-License-Identifier: Apache-2.0 */
/* A camera that loses nothing: fragments wait in a replay buffer until the server says that they are
 * safe, over a connection that may break at any time.
 *
 *     cc -o camera camera.c -lcurl
 *     ./camera https://doorward.example/ingest/CAMERA/streams/boot-17 SECRET FRAGMENT...
 *
 * The FRAGMENTs (files of MPEG-TS or fragmented MP4, a second or two each) stand for an encoder. A
 * stream's numbers and clock never start over: after a restart take another stream name, such as
 * one with the count of starts in it. What the answers mean: docs/design/fragments.md. */
#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPLAY_MAX = 16, ANSWER_MAX = 16384, PAUSE_FIRST_MS = 5, PAUSE_MAX_MS = 1000 };

/* ---- the replay buffer: a ring, oldest first ---- */
struct fragment {
    long number;
    unsigned char *bytes; /* NULL: it is safe (or will never be taken), its memory is free again */
    size_t n;
};
static struct fragment ring[REPLAY_MAX];
static size_t first, count;

static struct fragment *at(size_t i)
{
    return &ring[(first + i) % REPLAY_MAX];
}

static void release(long from, long to)
{
    for (size_t i = 0; i < count; i++) {
        if (at(i)->number >= from && at(i)->number <= to) {
            free(at(i)->bytes);
            at(i)->bytes = NULL;
        }
    }
    while (count > 0 && at(0)->bytes == NULL) {
        first = (first + 1) % REPLAY_MAX;
        count--;
    }
}

/* ---- the encoder ---- */
static bool read_file(const char *path, struct fragment *f)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) {
        perror(path);
        return false;
    }
    f->n = (size_t)ftell(file);
    rewind(file);
    f->bytes = malloc(f->n + 1);
    bool whole = f->bytes != NULL && fread(f->bytes, 1, f->n, file) == f->n;
    fclose(file);
    return whole;
}

/* ---- talking to the server ---- */
struct answer {
    long status; /* 0: none, the connection broke */
    size_t n;
    char text[ANSWER_MAX];
};

static size_t take_answer(char *p, size_t size, size_t n, void *arg)
{
    struct answer *a = arg;
    size_t room = ANSWER_MAX - 1 - a->n, take = size * n < room ? size * n : room;
    memcpy(a->text + a->n, p, take);
    a->n += take;
    a->text[a->n] = '\0';
    return size * n;
}

struct body {
    const struct fragment *f;
    size_t sent;
};

static size_t give_body(char *p, size_t size, size_t n, void *arg)
{
    struct body *b = arg;
    size_t left = b->f->n - b->sent, take = size * n < left ? size * n : left;
    memcpy(p, b->f->bytes + b->sent, take);
    b->sent += take;
    return take;
}

static void prepare(CURL *curl, const char *url, struct answer *a)
{
    *a = (struct answer){0};
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, a);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, 10L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 100L); /* a dead line is a broken one */
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, 15L);
    curl_easy_setopt(curl, CURLOPT_EXPECT_100_TIMEOUT_MS, 500L);
}

static void perform(CURL *curl, struct answer *a)
{
    if (curl_easy_perform(curl) == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &a->status);
    }
}

/* One fragment. The handle keeps its connection, so that this is one round trip. */
static void put_fragment(CURL *curl, const char *stream, const struct fragment *f,
                         struct answer *a)
{
    char url[1024];
    struct body body = {.f = f};
    snprintf(url, sizeof url, "%s/%ld", stream, f->number);
    prepare(curl, url, a);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, &body);
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)f->n);
    perform(curl, a);
}

/* After a break: which of those we hold arrived, though their answer was lost? */
static void ask_what_is_safe(CURL *curl, const char *stream, struct answer *a)
{
    char url[1024];
    snprintf(url, sizeof url, "%s?from=%ld", stream, at(0)->number);
    prepare(curl, url, a);
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    perform(curl, a);
    const char *p = a->status == 200 ? strstr(a->text, "\"persisted\"") : NULL;
    const char *end = p != NULL ? strchr(p, '}') : NULL; /* persisted and received: both are safe */
    long from, to;
    while (p != NULL && p < end && (p = strchr(p, '[')) != NULL && p < end) {
        p++;
        if (sscanf(p, "%ld ,%ld", &from, &to) == 2 && count > 0) {
            release(from, to);
        }
    }
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL);
}

/* 200, 201, 202: safe. An error that sending again does not mend: said, and given up. */
static bool is_over(const struct fragment *f, const struct answer *a)
{
    if (a->status >= 200 && a->status < 300) {
        return true;
    }
    bool hopeless = strstr(a->text, "\"send_again\":false") != NULL ||
                    strstr(a->text, "\"send_again\": false") != NULL;
    if (hopeless) {
        fprintf(stderr, "fragment %ld: %s\n", f->number, a->text);
    }
    return hopeless;
}

int main(int argc, char **argv)
{
    if (argc < 4) {
        fprintf(stderr, "usage: camera STREAM_URL SECRET FRAGMENT...\n");
        return 2;
    }
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_USERNAME, "cam");
    curl_easy_setopt(curl, CURLOPT_PASSWORD, argv[2]);
    curl_easy_setopt(curl, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
    curl_easy_setopt(curl, CURLOPT_CAINFO, getenv("CA_FILE")); /* NULL: the system's */
    long filmed = 0, total = argc - 3, breaks = 0, wait = PAUSE_FIRST_MS;
    static struct answer a;
    while (filmed < total || count > 0) {
        while (count < REPLAY_MAX && filmed < total) { /* what does not fit waits in the encoder */
            if (!read_file(argv[3 + filmed], at(count))) {
                return 1;
            }
            at(count++)->number = filmed++;
        }
        const struct fragment *f = at(0);
        put_fragment(curl, argv[1], f, &a);
        if (is_over(f, &a)) {
            release(f->number, f->number);
            wait = PAUSE_FIRST_MS;
            continue;
        }
        breaks += a.status == 0;
        pause_ms(wait);
        wait = wait * 2 < PAUSE_MAX_MS && a.status != 0 ? wait * 2 : wait;
        ask_what_is_safe(curl, argv[1], &a);
    }
    printf("%ld fragments are safe; the connection broke %ld times\n", total, breaks);
    curl_easy_cleanup(curl);
    return 0;
}
