"""What the benchmarks enqueue."""


def nothing(number: int = 0) -> None:
    """A job that does nothing."""


def stamp(url: str) -> None:
    """A job that notes when it began."""
    import time

    began = time.time()
    import redis

    redis.Redis.from_url(url).rpush("bench:started", began)
