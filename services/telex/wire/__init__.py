"""Values to bytes and back: JSON, CloudEvents, packed memories, schemas."""
