"""What may be put on a queue: plain functions, one file for each area, each a call into services/."""
