/* base/list.h - a doubly linked ring that runs through its members. */
#ifndef SK_BASE_LIST_H
#define SK_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct sk_link {
    struct sk_link *prev, *next;
} sk_link;

#define SK_CONTAINER(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void sk_list_init(sk_link *head) {
    head->prev = head->next = head;
}
static inline bool sk_list_empty(const sk_link *head) {
    return head->next == head;
}
static inline void sk_list_push_back(sk_link *head, sk_link *item) {
    item->prev = head->prev;
    item->next = head;
    head->prev->next = item;
    head->prev = item;
}
/* Safe on an item that is in no list, if it was made with sk_list_init. */
static inline void sk_list_remove(sk_link *item) {
    item->prev->next = item->next;
    item->next->prev = item->prev;
    item->prev = item->next = item;
}

#endif
