/* SPDX-License-Identifier: Apache-2.0 */

#include "tests/support/unit.h"

#include "playback/link.h"

#include <errno.h>
#include <stdio.h>

#define NOW 1790000000

static const uint8_t key[LINK_KEY_SIZE] = "a key only for this test";

struct parts {
    char text[LINK_QUERY_SIZE];
    struct link_query q;
};

static struct link_subject clip_subject(void)
{
    return (struct link_subject){.kind = LINK_CLIP, .id = id_new()};
}

static void make(struct parts *p, const struct link_subject *clip, const struct id *account,
                 int64_t exp)
{
    link_format(key, clip, account, exp, p->text);
    char *rest = p->text;
    for (char *one; (one = strsep(&rest, "&")) != NULL;) {
        char *value = strchr(one, '=') + 1;
        const char **where = one[0] == 'e'   ? &p->q.exp
                             : one[0] == 'a' ? &p->q.acc
                             : one[0] == 'k' ? &p->q.kid
                                             : &p->q.sig;
        *where = value;
    }
}

static void a_link_opens_its_clip_for_its_account(void **state)
{
    struct link_subject clip = clip_subject();
    struct id account = id_new(), who;
    struct parts p;
    make(&p, &clip, &account, NOW + LINK_TTL_DEFAULT_S);
    assert_int_equal(link_check(key, &clip, &p.q, NOW, &who), 0);
    assert_true(id_equal(&who, &account));
}

static void a_link_ends(void **state)
{
    struct link_subject clip = clip_subject();
    struct id account = id_new(), who;
    struct parts p;
    make(&p, &clip, &account, NOW);
    assert_int_equal(link_check(key, &clip, &p.q, NOW - 1, &who), 0);
    assert_int_equal(link_check(key, &clip, &p.q, NOW, &who), LINK_E_EXPIRED);
    assert_int_equal(link_check(key, &clip, &p.q, NOW - LINK_TTL_MAX_S - 1, &who), -EINVAL);
}

static void every_part_is_signed(void **state)
{
    struct link_subject clip = clip_subject(), other = clip_subject(), camera = clip;
    struct id account = id_new(), who;
    struct parts p;
    char changed[ID_TEXT_SIZE];
    uint8_t other_key[LINK_KEY_SIZE] = "another key";
    make(&p, &clip, &account, NOW + 60);
    assert_int_equal(link_check(key, &other, &p.q, NOW, &who), -EINVAL);
    camera.kind = LINK_CAMERA;
    assert_int_equal(link_check(key, &camera, &p.q, NOW, &who), -EINVAL);
    assert_int_equal(link_check(other_key, &clip, &p.q, NOW, &who), -EINVAL);
    struct link_query q = p.q;
    q.exp = "1790000061";
    assert_int_equal(link_check(key, &clip, &q, NOW, &who), -EINVAL);
    q = p.q;
    id_format(&other.id, changed);
    q.acc = changed;
    assert_int_equal(link_check(key, &clip, &q, NOW, &who), -EINVAL);
    q = p.q;
    q.kid = "2";
    assert_int_equal(link_check(key, &clip, &q, NOW, &who), -EINVAL);
}

static void missing_and_odd_parts_are_refused(void **state)
{
    struct link_subject clip = clip_subject();
    struct id account = id_new(), who;
    struct parts p;
    make(&p, &clip, &account, NOW + 60);
    const char *odd[] = {NULL, "", "-1", "x", "99999999999999999999999", "AAAA", "%00"};
    for (size_t i = 0; i < ARRAY_LEN(odd); i++) {
        struct link_query q[] = {p.q, p.q, p.q, p.q};
        q[0].exp = q[1].acc = q[2].kid = q[3].sig = odd[i];
        for (size_t k = 0; k < ARRAY_LEN(q); k++) {
            assert_int_equal(link_check(key, &clip, &q[k], NOW, &who), -EINVAL);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_link_opens_its_clip_for_its_account),
        cmocka_unit_test(a_link_ends),
        cmocka_unit_test(every_part_is_signed),
        cmocka_unit_test(missing_and_odd_parts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
