"""What is true of the convention, of proposals and of ballots. Plain Python."""
