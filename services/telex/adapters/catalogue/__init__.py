"""The catalogue: declarative files in, feeds out; watched, checked, written again in other formats."""
