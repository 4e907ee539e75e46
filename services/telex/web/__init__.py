"""What telex serves over HTTP."""
