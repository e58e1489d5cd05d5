"""Side by side with the peers, in one run: what counts is the ratio. See bench/README.md."""
