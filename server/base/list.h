/* SPDX-License-Identifier: Apache-2.0 */
/* Intrusive doubly linked list. A zeroed head must be initialised; a node is on at most one list.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/status.h"

#include <stdbool.h>

struct list {
    struct list *prev, *next;
};

static inline void list_init(struct list *l)
{
    l->prev = l->next = l;
}

static inline bool list_empty(const struct list *l)
{
    return l->next == l;
}

/* Append before the head, that is at the end. */
static inline void list_append(struct list *head, struct list *n)
{
    n->prev = head->prev;
    n->next = head;
    head->prev->next = n;
    head->prev = n;
}

/* Take a node off its list; it is then an empty list of its own, so removing twice is harmless. */
static inline void list_remove(struct list *n)
{
    n->prev->next = n->next;
    n->next->prev = n->prev;
    list_init(n);
}

static inline struct list *list_pop(struct list *head)
{
    struct list *n = head->next;
    if (n == head) {
        return NULL;
    }
    list_remove(n);
    return n;
}

#define list_for_each(it, head) for (struct list *it = (head)->next; it != (head); it = it->next)
#define list_for_each_safe(it, head)                                                               \
    for (struct list *it = (head)->next, *it##_next = it->next; it != (head);                      \
         it = it##_next, it##_next = it->next)

#endif
