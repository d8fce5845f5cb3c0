"""Pictures: asking a provider for them, fetching, checking, cutting and keeping them."""
