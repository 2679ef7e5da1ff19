"""What is true about membership: pure rules, without I/O, clock or randomness."""
