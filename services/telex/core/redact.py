from telex.adapters.redact import redact_text as redact_text
from telex.adapters.redact import redact_url as redact_url
