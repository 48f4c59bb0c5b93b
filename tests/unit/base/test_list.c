/* base/list: the ring. */
#include "base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

typedef struct item {
    int number;
    sk_link link;
} item;

static void assert_numbers(const sk_link *head, const int *numbers, size_t count) {
    const sk_link *l = head->next;
    for (size_t i = 0; i < count; i++, l = l->next) {
        assert_ptr_not_equal(l, head);
        assert_int_equal(SK_CONTAINER(l, item, link)->number, numbers[i]);
        assert_ptr_equal(l->prev->next, l);
    }
    assert_ptr_equal(l, head);
}

static void items_come_and_go(void **state) {
    (void)state;
    sk_link head;
    item items[3] = {{.number = 1}, {.number = 2}, {.number = 3}};
    sk_list_init(&head);
    assert_true(sk_list_empty(&head));
    for (int i = 0; i < 3; i++)
        sk_list_push_back(&head, &items[i].link);
    assert_numbers(&head, (int[]){1, 2, 3}, 3);
    sk_list_remove(&items[1].link);
    assert_numbers(&head, (int[]){1, 3}, 2);
    sk_list_remove(&items[1].link); /* in no list */
    assert_numbers(&head, (int[]){1, 3}, 2);
    sk_list_push_back(&head, &items[1].link);
    assert_numbers(&head, (int[]){1, 3, 2}, 3);
    for (int i = 0; i < 3; i++)
        sk_list_remove(&items[i].link);
    assert_true(sk_list_empty(&head));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(items_come_and_go)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
