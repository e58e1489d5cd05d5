"""What the benchmarks enqueue."""


def nothing(number: int = 0) -> None:
    """A job that does nothing."""
