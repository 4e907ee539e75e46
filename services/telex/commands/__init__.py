"""The commands, a module each: `add(parsers)` declares its words, `run(arguments)` gives the exit code."""
