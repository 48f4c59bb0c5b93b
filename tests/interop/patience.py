"""Time on a machine that may stand still for a second or two, all of it or one process."""

TRIES = 3


def endure(attempt, limit):
    """attempt(limit), which asserts something of a time-out. Where the machine stands still for
    longer than a short one, that ends another phase than it is meant for, and measures are off: so
    it is tried again, at most twice, each time with four times as long."""
    for left in reversed(range(TRIES)):
        try:
            return attempt(limit)
        except AssertionError as error:
            if not left:
                raise
            print("not so with %g s: %s" % (limit, error))
            limit *= 4
