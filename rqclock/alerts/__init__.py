"""What is wrong, judged beside the leading clock, and told to people: once, and once more when it is over."""
