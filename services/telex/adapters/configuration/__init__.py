"""Files that operators write: read, their values told apart, and what is wrong said with its place and its remedy."""
