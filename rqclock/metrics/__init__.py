"""Figures for Prometheus, read from Redis when they are asked for: any process shows the same, and none keeps any."""

from rqclock.metrics.collector import Collector

__all__ = ["Collector"]
